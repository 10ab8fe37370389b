import { setTimeout as delay } from 'node:timers/promises';
import type { GatewayClient } from '../gateway-client.js';
import type { ModelVersion } from './api-types.js';
import type { Narrator } from './narrator.js';
import { MODEL } from './training.js';
import { waitFor } from './wait.js';

/** Deploys a version under the model's name and waits until it answers. */
export async function deploy(client: GatewayClient, say: Narrator, version: ModelVersion): Promise<void> {
  await client.post('/deployments', {
    name: MODEL,
    variants: [{ model: MODEL, version: version.number, weight: 100 }],
  });
  await waitFor('the deployment to answer', async () => {
    const answer = await client.infer(MODEL, 1);
    return answer.status === 200 ? true : undefined;
  });
  say.line(`${MODEL} version ${version.number} takes all traffic`);
}

/** One prediction. */
export async function predict(client: GatewayClient, say: Narrator, input: number): Promise<number> {
  const answer = await client.infer(MODEL, input);
  const output = answer.outputs[0]?.data[0];
  if (answer.status !== 200 || output === undefined)
    throw new Error(`The prediction was answered with ${answer.status}.`);
  say.line(`an eruption of ${input} min → ${output.toFixed(2)} min to the next one`);
  return output;
}

/** Shares the traffic 80/20 between two versions and counts who answers. */
export async function splitTraffic(
  client: GatewayClient,
  say: Narrator,
  versions: readonly [ModelVersion, ModelVersion],
  requests: number,
): Promise<Record<string, number>> {
  const weights = [80, 20];
  await client.patch(`/deployments/${MODEL}/variants`, {
    variants: versions.map((version, index) => ({
      model: MODEL,
      version: version.number,
      weight: weights[index],
    })),
  });
  const second = String(versions[1].number);
  await waitFor('the second version to answer', async () => {
    const answer = await client.infer(MODEL, 1, second);
    return answer.status === 200 ? true : undefined;
  });
  const answers = await inParallel(requests, 16, () => client.infer(MODEL, 3));
  const variants: Record<string, number> = {};
  for (const { status, modelVersion } of answers) {
    if (status !== 200) throw new Error(`A request was answered with ${status}.`);
    variants[`v${modelVersion}`] = (variants[`v${modelVersion}`] ?? 0) + 1;
  }
  for (const [variant, count] of Object.entries(variants).sort()) {
    say.line(`${variant}: ${count} of ${requests} (${((100 * count) / requests).toFixed(1)} %)`);
  }
  return variants;
}

/** Limits a key, exceeds the limit, and counts. */
export async function exceedLimit(
  admin: GatewayClient,
  say: Narrator,
  requestsPerSecond: number,
): Promise<{ allowed: number; refused: number }> {
  const key = await admin.post<{ id: string; secret: string }>('/keys', {
    name: 'limited',
    role: 'developer',
  });
  const client = admin.as(key.secret);
  const limit = {
    target: 'POLICY_TARGET_KEY',
    targetId: key.id,
    requests: requestsPerSecond,
    windowSeconds: 1,
  };
  await admin.post('/policies', limit);
  await waitFor('the limit to reach the gateway', async () => {
    const answer = await client.infer(MODEL, 1);
    return answer.headers.has('ratelimit-policy') ? true : undefined;
  });
  // The window fills again, so that the burst meets a whole one.
  await delay(1_100);
  const answers = await inParallel(requestsPerSecond * 3, 16, () => client.infer(MODEL, 3));
  const refusals = answers.filter(({ status }) => status === 429);
  const allowed = answers.filter(({ status }) => status === 200).length;
  say.line(
    `limit ${requestsPerSecond}/s, ${answers.length} sent at once: ${allowed} answered, ${refusals.length} refused with 429`,
  );
  for (const name of ['ratelimit-policy', 'ratelimit', 'retry-after']) {
    say.line(`${name}: ${refusals[0]?.headers.get(name) ?? '(missing)'}`);
  }
  return { allowed, refused: refusals.length };
}

/** Runs `work` `count` times, `width` at a time. */
export async function inParallel<T>(count: number, width: number, work: () => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  let started = 0;
  const worker = async (): Promise<void> => {
    while (started < count) {
      started += 1;
      results.push(await work());
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  return results;
}
