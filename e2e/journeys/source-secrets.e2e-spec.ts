import { randomUUID } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '@aimass/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { must, newOrganization } from '../support/api.js';
import type { Answer, Api } from '../support/api.js';
import { startOrigin } from '../support/origin.js';
import type { Origin } from '../support/origin.js';
import { adminOf, ownPlatform } from '../support/own-platform.js';
import type { OwnPlatform } from '../support/own-platform.js';

const canary = `canary${randomUUID().replaceAll('-', '')}`;
const credentials = { user: `user-${canary}`, secret: `secret-${canary}` };
let own: OwnPlatform;
let origin: Origin;

beforeAll(async () => {
  origin = await startOrigin();
  own = await ownPlatform();
});
afterAll(async () => {
  await own.dispose();
  await origin.stop();
});

/** Everything that a text may have become on its way: plain, and in base64 at each of its three alignments. */
function formsOf(text: string): Buffer[] {
  const shifted = [0, 1, 2].map((shift) => {
    const encoded = Buffer.from('.'.repeat(shift) + text).toString('base64');
    // What the neighbours have a share in is cut off.
    return encoded.slice(shift === 0 ? 0 : 4, -4);
  });
  return [text, Buffer.from(text).toString('hex'), ...shifted].map((form) => Buffer.from(form));
}

/** The files below a folder that hold one of these texts. */
async function filesWith(folder: string, forms: readonly Buffer[]): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { recursive: true })) {
    const path = join(folder, entry);
    if (!(await stat(path)).isFile()) continue;
    const content = await readFile(path);
    if (forms.some((form) => content.includes(form))) found.push(entry);
  }
  return found;
}

/** Does with a source what can be done; returns every answer. */
async function useSource(api: Api, name: string): Promise<Answer[]> {
  const answers: Answer[] = [];
  const keep = async (pending: Promise<Answer>): Promise<Answer> => {
    const answer = await pending;
    answers.push(answer);
    return answer;
  };
  const body = { name, config: { http: { url: origin.url } }, credentials };
  const key = { 'idempotency-key': randomUUID() };
  await keep(must(api.post('/sources', body, key), 201));
  await keep(must(api.post('/sources', body, key), 201));
  await keep(api.post('/sources', { ...body, credentials: { ...credentials, more: canary } }, key));
  await keep(api.post('/sources', { ...body, credentials: { ...credentials, sessionToken: canary } }));
  await keep(api.post('/sources', { ...body, name: 'no', credentials: { ...credentials, secret: 7 } }));
  const sync = async (state: string): Promise<void> => {
    const { id } = (await keep(must(api.post(`/sources/${name}:sync`), 202))).body;
    await eventually(async () => ((await api.get(`/syncs/${id}`)).body.state === state ? true : undefined));
    await keep(api.get(`/syncs/${id}`));
  };
  origin.serve('a\n1\n');
  await keep(must(api.post(`/sources/${name}:check`), 200));
  await sync('SYNC_STATE_SUCCEEDED');
  // Servers that refuse, repeat the credentials, or break off in the middle.
  origin.answer((request, response) => {
    response.writeHead(401, { 'www-authenticate': 'Basic', 'content-type': 'text/plain' });
    response.end(`no: ${request.headers.authorization}`);
  });
  await keep(api.post(`/sources/${name}:check`));
  await sync('SYNC_STATE_FAILED');
  origin.answer((_, response) => response.destroy());
  await keep(api.post(`/sources/${name}:check`));
  const json = { credentials: { ...credentials, secret: `${credentials.secret}-2` } };
  await keep(must(api.request('PATCH', `/api/v1/sources/${name}`, { json }), 200));
  for (const path of [
    `/sources/${name}`,
    '/sources',
    `/sources/${name}/syncs`,
    `/datasets/${name}/versions`,
  ]) {
    await keep(must(api.get(path), 200));
  }
  return answers;
}

it('credentials of sources are in no answer and in no file of the platform: logs, database, events, spools', async () => {
  const platform = await own.boot({ extraEnv: { LOG_LEVEL: 'trace', EGRESS_ALLOW: '127.0.0.1' } });
  const api = await newOrganization(adminOf(platform));
  const name = `source-${randomUUID()}`;
  const answers = await useSource(api, name);
  // They are in use all the while.
  const sent = Buffer.from(`${credentials.user}:${credentials.secret}`).toString('base64');
  expect(origin.requests.some(({ headers }) => headers.authorization === `Basic ${sent}`)).toBe(true);
  const masked = answers.map(({ text }) => text).filter((text) => text.includes('credentialsMask'));
  expect(masked.length).toBeGreaterThan(3);
  for (const answer of answers) {
    const whole = `${answer.text}${JSON.stringify([...answer.headers])}`;
    expect(formsOf(canary).filter((form) => whole.includes(form.toString()))).toEqual([]);
  }
  await platform.stop();
  expect(await filesWith(own.home, formsOf(canary))).toEqual([]);
  // The search sees what is there: the source's name is in the database and in the events.
  const withName = await filesWith(own.home, formsOf(name));
  expect(withName.some((file) => file.startsWith('postgres'))).toBe(true);
  expect(withName.some((file) => file.startsWith('nats'))).toBe(true);
}, 180_000);
