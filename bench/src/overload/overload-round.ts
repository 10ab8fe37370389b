import type { BenchOptions } from '../bench.js';
import { sendOnce } from '../inference/send-once.js';
import type { Call } from '../load/call.js';
import { applyAnyLoad, runLoadProcess } from '../load/load.js';
import type { OpenLoopPlan, OpenLoopResult } from '../load/open-loop.js';
import type { BenchPlatform } from '../platform/bench-platform.js';
import type { OverloadRound } from './overload-report.js';

/** Enough that the engine never waits for a request, few enough that hardly one is refused. */
const PEAK_CONNECTIONS = 8;
const WARM_UP_SECONDS = 1;
/** Close to the peak, so that "normal" is a busy hour and not an idle one. */
const NORMAL_SHARE = 0.95;
const OVERLOAD_FACTOR = 3;
const SOCKETS = 512;
const SAMPLE_MS = 250;
/** This many good answers in a row, none slower than normal, are a recovery. */
const CALM_ANSWERS = 20;
const RECOVERY_LIMIT_MS = 60_000;

type RoundOptions = Pick<BenchOptions, 'seconds' | 'say' | 'signal'>;

/** Measures the peak, then the normal load, then the overload and how long it is felt. */
export async function measureRound(
  platform: BenchPlatform,
  call: Call,
  { seconds, say, signal }: RoundOptions,
): Promise<OverloadRound> {
  const closed = { ...call, connections: PEAK_CONNECTIONS };
  await applyAnyLoad({ ...closed, seconds: WARM_UP_SECONDS }, signal);
  const peak = await applyAnyLoad({ ...closed, seconds }, signal);
  say(`  peak ${peak.rps.toFixed(0)} req/s, p99 ${peak.p99Ms.toFixed(1)} ms, ${peak.failures} refused`);
  const offer = (perSecond: number) => openLoop({ ...call, perSecond, seconds, sockets: SOCKETS }, signal);
  const normal = await offer(peak.rps * NORMAL_SHARE);
  say(`  normal ${describe(normal)}`);
  const memory = watchMemory(platform);
  const overload = await offer(peak.rps * OVERLOAD_FACTOR);
  const recoveryMs = await waitUntilCalm(call, normal.p99Ms, signal);
  say(`  overload ${describe(overload)}, calm after ${recoveryMs.toFixed(0)} ms`);
  return { peak, normal, overload, recoveryMs, rssGrowthMb: memory.stop() };
}

function openLoop(plan: OpenLoopPlan, signal: AbortSignal): Promise<OpenLoopResult> {
  const { url, headers, body, perSecond, seconds, sockets } = plan;
  return runLoadProcess('./open-loop', { url, headers, body, perSecond, seconds, sockets }, signal);
}

/** The most that the two processes on the way of a call have grown since now, in MB. */
function watchMemory(platform: BenchPlatform): { stop(): { gateway: number; inference: number } } {
  const read = () => {
    const { gateway = 0, inference = 0 } = platform.running.memory();
    return { gateway, inference };
  };
  const before = read();
  let most = before;
  const sample = () => {
    const { gateway, inference } = read();
    most = { gateway: Math.max(most.gateway, gateway), inference: Math.max(most.inference, inference) };
  };
  const timer = setInterval(sample, SAMPLE_MS);
  return {
    stop: () => {
      clearInterval(timer);
      sample();
      return { gateway: most.gateway - before.gateway, inference: most.inference - before.inference };
    },
  };
}

/** How long after the overload's end the first of many good and fast answers in a row was asked for. */
async function waitUntilCalm(call: Call, fastMs: number, signal: AbortSignal): Promise<number> {
  const endedAt = performance.now();
  let [calm, since] = [0, endedAt];
  while (calm < CALM_ANSWERS) {
    signal.throwIfAborted();
    const askedAt = performance.now();
    if (askedAt - endedAt > RECOVERY_LIMIT_MS) return Number.POSITIVE_INFINITY;
    const isGood = await sendOnce(call).then(
      () => true,
      () => false,
    );
    if (!isGood || performance.now() - askedAt > fastMs) calm = 0;
    else if (calm++ === 0) since = askedAt;
  }
  return since - endedAt;
}

function describe({ offeredRps, acceptedRps, p50Ms, p99Ms, shedShare }: OpenLoopResult): string {
  const refused = `${(shedShare * 100).toFixed(1)} % refused`;
  return `${offeredRps.toFixed(0)} asked, ${acceptedRps.toFixed(0)} answered, p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms, ${refused}`;
}
