import autocannon from 'autocannon';
import type { LoadPlan, LoadReport } from './load.js';
import { percentile } from './statistics.js';

const plan = JSON.parse(process.argv[2] ?? '') as LoadPlan;
const times: number[] = [];

const instance = autocannon(
  {
    url: plan.url,
    method: 'POST',
    headers: { ...plan.headers },
    body: plan.body,
    connections: plan.connections,
    duration: plan.seconds,
  },
  (error: unknown, result: autocannon.Result) => {
    if (error instanceof Error) throw error;
    process.send?.(report(result), () => process.exit(0));
  },
);
// The histogram of autocannon counts whole milliseconds; these are finer.
instance.on('response', (_client, _status, _bytes, milliseconds) => times.push(milliseconds));

function report(result: autocannon.Result): LoadReport {
  const sorted = Float64Array.from(times).sort();
  return {
    rps: result['2xx'] / result.duration,
    p50Ms: percentile(sorted, 0.5),
    p99Ms: percentile(sorted, 0.99),
    failures: result.non2xx + result.errors,
  };
}
