import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { pickFreePorts } from '@aimass/platform-embedded';
import { newId } from '@aimass/platform-persistence';
import { ask, Surroundings } from './replica-under-test.js';
import type { Replica } from './replica-under-test.js';

const MB = 1024 * 1024;
/** As much as a gateway lets through. */
const LIMIT_BYTES = 32 * MB;
/** As much JSON as a replica reads. */
const JSON_BYTES = 7.5 * MB;
/** Event-loop delay that reading them adds to that of receiving them, and memory that they leave behind. */
const MAX_ADDED_P99_MS = 50;
const MAX_GROWTH_BYTES = 256 * MB;
/** A busy machine adds to a delay and never takes away from it: the best of these counts. */
const ROUNDS = 3;
/** Healthy calls after each hostile one. */
const HEALTHY = 25;

const healthy = Buffer.from(JSON.stringify(ask(3)));
const id = newId('mv');
let around: Surroundings;
let replica: Replica;
let url: string;

beforeAll(async () => {
  around = await Surroundings.create();
  const [port] = await pickFreePorts(1);
  url = `http://127.0.0.1:${port}/v2/models/${id}/infer`;
  replica = await around.startReplica({ HTTP_PORT: String(port) });
  await around.route([await around.lineVersion(id, 2, 1)]);
  await around.untilReady(replica, [id]);
});
afterAll(async () => {
  await replica.stop();
  await around.close();
});

const filled = (head: string, unit: string, tail: string, size = JSON_BYTES): Buffer =>
  Buffer.from(head + unit.repeat(Math.floor(size / unit.length)) + tail);
const data = '{"inputs":[{"name":"features","datatype":"FP32","shape":[1,1],"data":[';
const hostile: [string, Buffer][] = [
  ['32 MB of JSON', filled(data, '1,', '1]}]}', LIMIT_BYTES)],
  ['a million levels', filled(data, '[', '')],
  ['a million keys', filled('{', '"a":1,', '"b":1}')],
  ['a million keys in data', filled(`${data}{`, '"a":1,', '"b":1}]}]}')],
  ['more elements than the shape says', filled(data, '1,', '1]}]}')],
  ['a million empty arrays', filled(data, '[],', '[]]}]}')],
  ['a million texts', filled(data, '"a",', '1]}]}')],
  ['a million inputs', filled('{"inputs":[', '{"data":[]},', '{}]}')],
  ['a million outputs', filled('{"inputs":[],"outputs":[', '{"name":"prediction"},', '{}]}')],
  ['a number of megabytes', filled(data, '1', ']}]}')],
  ['no end', filled(data, '1,', '')],
];

async function post(body: Uint8Array, to = url): Promise<number> {
  const answer = await fetch(to, { method: 'POST', body: new Uint8Array(body) });
  await answer.arrayBuffer();
  return answer.status;
}

/** p99 of the event loop's delay in milliseconds while all of them are sent, healthy calls between them. */
async function delayOf(to: string, status: number): Promise<number> {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  for (const [, body] of hostile) {
    expect(await post(body, to)).toBe(status);
    for (let i = 0; i < HEALTHY; i++) expect(await post(healthy)).toBe(200);
  }
  histogram.disable();
  return histogram.percentile(99) / 1e6;
}

it.each(hostile)('attack 43 and 44: %s is refused with 400', async (_, body) => {
  expect(await post(body)).toBe(400);
});

it('attacks 43 and 44 leave healthy callers their time and the replica its memory', async () => {
  // The same bodies for a model that is not there are received and not read.
  const unread = url.replace(id, 'nobody');
  const before = process.memoryUsage.rss();
  const delays: { received: number; read: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    delays.push({ received: await delayOf(unread, 404), read: await delayOf(url, 400) });
  }
  const added = delays.map(({ received, read }) => read - received);
  expect(Math.min(...added), JSON.stringify(delays)).toBeLessThan(MAX_ADDED_P99_MS);
  expect(process.memoryUsage.rss() - before).toBeLessThan(MAX_GROWTH_BYTES);
}, 120_000);
