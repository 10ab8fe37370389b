import autocannon from 'autocannon';
import { answerPlan, type LoadPlan, type LoadReport } from './load.js';
import { percentile } from './statistics.js';

answerPlan(runHttpLoad);

function runHttpLoad({ url, headers, body, connections, seconds }: LoadPlan): Promise<LoadReport> {
  const times: number[] = [];
  return new Promise((resolve, reject) => {
    const instance = autocannon(
      {
        url,
        method: 'POST',
        headers: { ...headers },
        // Structured cloning leaves a plain Uint8Array.
        body: Buffer.from(body),
        connections,
        duration: seconds,
      },
      (error: unknown, result: autocannon.Result) => {
        if (error instanceof Error) reject(error);
        else resolve(report(result, times));
      },
    );
    // The histogram of autocannon counts whole milliseconds; these are finer.
    instance.on('response', (_client, _status, _bytes, milliseconds) => times.push(milliseconds));
  });
}

function report(result: autocannon.Result, times: readonly number[]): LoadReport {
  const sorted = Float64Array.from(times).sort();
  return {
    rps: result['2xx'] / result.duration,
    p50Ms: percentile(sorted, 0.5),
    p99Ms: percentile(sorted, 0.99),
    failures: result.non2xx + result.errors,
  };
}
