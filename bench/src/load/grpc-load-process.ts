import { GrpcConnection } from './grpc-connection.js';
import { answerPlan, type LoadPlan, type LoadReport } from './load.js';
import { percentile } from './statistics.js';

answerPlan(runGrpcLoad);

async function runGrpcLoad(plan: LoadPlan): Promise<LoadReport> {
  const connections = await Promise.all(
    Array.from({ length: plan.connections }, () => GrpcConnection.open(plan.url)),
  );
  const times: number[] = [];
  let failures = 0;
  const startedAt = performance.now();
  const end = startedAt + plan.seconds * 1000;
  const callUntilEnd = async (connection: GrpcConnection): Promise<void> => {
    for (let now = performance.now(); now < end;) {
      await connection.call(plan).catch((error: unknown) => {
        if (failures++ === 0) process.stderr.write(`${String(error)}\n`);
      });
      const then = performance.now();
      times.push(then - now);
      now = then;
    }
  };
  await Promise.all(connections.map(callUntilEnd));
  const elapsedSeconds = (performance.now() - startedAt) / 1000;
  for (const connection of connections) connection.close();
  const sorted = Float64Array.from(times).sort();
  return {
    rps: (times.length - failures) / elapsedSeconds,
    p50Ms: percentile(sorted, 0.5),
    p99Ms: percentile(sorted, 0.99),
    failures,
  };
}
