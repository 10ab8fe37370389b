import { BenchPlatform } from '../../platform/bench-platform.js';
import { binaryCall, grpcCall, jsonCall } from '../calls.js';
import { sendOnce } from '../send-once.js';
import type { Work } from '../works.js';
import type { Target, TargetCall, TargetContext } from './target.js';

/** Starts the embedded platform and serves the works on it: key check, limit, metering and routing as for any customer. */
export async function startAimass(context: TargetContext): Promise<Target> {
  const platform = await BenchPlatform.start(context);
  try {
    for (const work of context.works) await platform.deploy(work.name, work.model);
    const headers = await platform.issueKey();
    const target = describeTarget(platform, headers);
    for (const { call } of context.works.flatMap((work) => target.calls(work))) {
      await platform.api.until('the first prediction', async () => {
        const answer = await sendOnce(call);
        // Until then nothing is limited yet, and the check would not be paid for.
        return call.protocol === 'grpc' || 'ratelimit' in answer.headers ? answer : undefined;
      });
    }
    return target;
  } catch (error) {
    await platform.stop();
    throw error;
  }
}

function describeTarget(platform: BenchPlatform, headers: Readonly<Record<string, string>>): Target {
  return {
    calls: (work) => callsOf(platform.url, work, headers),
    // Leases and health checks go on while others are measured; that costs less than 1 % of a core.
    pause: () => Promise.resolve(),
    resume: () => Promise.resolve(),
    stop: () => platform.stop(),
  };
}

function callsOf(url: string, work: Work, headers: Readonly<Record<string, string>>): TargetCall[] {
  const grpc = { label: 'aimass', call: grpcCall(url, work, headers) };
  const json = jsonCall(url, work, headers);
  return work.name === 'binary1mb'
    ? [{ label: 'aimass', call: binaryCall(url, work, headers) }, { label: 'aimass-json', call: json }, grpc]
    : [{ label: 'aimass', call: json }, grpc];
}
