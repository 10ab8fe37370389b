import type { Bench, BenchOptions } from '../bench.js';
import { sendOnce } from '../inference/send-once.js';
import type { Call } from '../load/call.js';
import { BenchPlatform } from '../platform/bench-platform.js';
import { ENGINE_BOUND_ROW, makeEngineBoundModel } from './engine-bound-model.js';
import { measureRound } from './overload-round.js';
import { formatOverload, summarizeRounds } from './overload-report.js';
import type { OverloadRound } from './overload-report.js';

const MODEL = 'engine-bound';

/** What is left of the goodput when three times as much is asked as can be done. */
export const overloadBench: Bench = {
  title: 'goodput, refusals and recovery when three times the peak is asked of an engine-bound model',
  defaults: { rounds: 3, seconds: 5 },
  run: runOverloadBench,
};

async function runOverloadBench(options: BenchOptions): Promise<object> {
  const { say, seconds, signal } = options;
  const platform = await BenchPlatform.start(options);
  try {
    const call = await deployModel(platform);
    const rounds: OverloadRound[] = [];
    while (rounds.length < options.rounds) {
      say(`round ${rounds.length + 1}`);
      rounds.push(await measureRound(platform, call, { say, seconds, signal }));
    }
    const summary = summarizeRounds(rounds);
    for (const line of formatOverload(summary)) say(line);
    return { bench: 'overload', rounds: options.rounds, ...summary };
  } finally {
    await platform.stop();
  }
}

async function deployModel(platform: BenchPlatform): Promise<Call> {
  await platform.deploy(MODEL, makeEngineBoundModel());
  const headers = { ...(await platform.issueKey()), 'content-type': 'application/json' };
  const call: Call = {
    protocol: 'http',
    url: `${platform.url}/v2/models/${MODEL}/infer`,
    headers,
    body: Buffer.from(JSON.stringify({ inputs: [ENGINE_BOUND_ROW] })),
  };
  await platform.api.until('the first prediction', async () => {
    const { headers: answered } = await sendOnce(call);
    return 'ratelimit' in answered ? answered : undefined;
  });
  return call;
}
