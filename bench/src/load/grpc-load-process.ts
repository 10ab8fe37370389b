import { runClosedLoop } from './closed-loop.js';
import { GrpcConnection } from './grpc-connection.js';
import { answerPlan, type LoadPlan, type LoadReport } from './load.js';

answerPlan(runGrpcLoad);

async function runGrpcLoad({ connections: count, seconds, ...call }: LoadPlan): Promise<LoadReport> {
  const connections = await Promise.all(Array.from({ length: count }, () => GrpcConnection.open(call.url)));
  const report = await runClosedLoop(
    connections.map((connection) => () => connection.call(call)),
    seconds,
  );
  for (const connection of connections) connection.close();
  return report;
}
