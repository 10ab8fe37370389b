import { runClosedLoop } from './closed-loop.js';
import { HttpConnection } from './http-connection.js';
import { answerPlan, type LoadPlan, type LoadReport } from './load.js';

answerPlan(runHttpLoad);

async function runHttpLoad({ connections: count, seconds, ...call }: LoadPlan): Promise<LoadReport> {
  const connections = Array.from({ length: count }, () => new HttpConnection(call));
  const report = await runClosedLoop(
    connections.map((connection) => async () => {
      const status = await connection.call();
      if (status < 200 || status >= 300) throw new Error(`status ${status} from ${call.url}`);
    }),
    seconds,
  );
  for (const connection of connections) connection.close();
  return report;
}
