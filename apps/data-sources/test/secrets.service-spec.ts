import { randomUUID } from 'node:crypto';
import { syncs } from '@aimass/contracts';
import type { sources } from '@aimass/contracts';
import { eventually } from '@aimass/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  ended,
  FileServer,
  httpSource,
  newKey,
  newOrganization,
  noChange,
  openHome,
} from './sources-harness.js';
import type { SourcesHome, SourcesUnderTest } from './sources-harness.js';

const { SUCCEEDED, FAILED } = syncs.SyncState;
const canary = `canary-${randomUUID()}`;
const credentials = { user: 'reader', secret: canary, sessionToken: '' };
const authorization = `Basic ${Buffer.from(`reader:${canary}`).toString('base64')}`;
let home: SourcesHome;
let files: FileServer;
let organizationId: string;

beforeAll(async () => {
  files = await FileServer.start();
  home = await openHome();
});
afterAll(async () => {
  await home.dispose();
  await files.stop();
});
beforeEach(() => {
  organizationId = newOrganization();
  let row = 0;
  // Every answer is another one, so that every sync makes a version.
  files.answer = (request, response) => {
    const isReader = request.headers.authorization === authorization;
    response.writeHead(isReader ? 200 : 401, { 'content-type': 'text/csv' }).end(`a\n${(row += 1)}\n`);
  };
});

async function create(under: SourcesUnderTest): Promise<sources.Source> {
  const request = httpSource(organizationId, files.url(), { credentials, requestId: randomUUID() });
  return (await under.sources.createSource(request)).source as sources.Source;
}

async function run(under: SourcesUnderTest, source: string): Promise<syncs.Sync> {
  const { sync } = await under.sources.syncSource({ organizationId, requestId: '', source });
  return ended(under, organizationId, sync?.id ?? '');
}

async function keyIds(): Promise<string[]> {
  const { rows } = await home.database.query<{ id: string }>(
    `SELECT DISTINCT split_part(credentials, '.', 2) AS id FROM source WHERE credentials IS NOT NULL ORDER BY 1`,
  );
  return rows.map(({ id }) => id);
}

/** Every row of every table, as text. */
async function dump(): Promise<string> {
  const tables = await home.database.query<{ name: string }>(
    `SELECT quote_ident(table_name) AS name FROM information_schema.tables WHERE table_schema = 'public'`,
  );
  const texts: string[] = [];
  for (const { name } of tables.rows) {
    const { rows } = await home.database.query<{ row: string }>(`SELECT t::text AS row FROM ${name} t`);
    texts.push(...rows.map(({ row }) => row));
  }
  return texts.join('\n');
}

describe('stored credentials', () => {
  it('are in no row of the database, be it of sources, syncs, events or idempotency keys', async () => {
    const under = await home.start({ SECRETS_KEYS: newKey('a') });
    const { id } = await create(under);
    expect((await run(under, id)).state).toBe(SUCCEEDED);
    files.answer = (_, response) => response.writeHead(401).end();
    expect((await run(under, id)).state).toBe(FAILED);
    const everything = await dump();
    expect(everything).toContain(id);
    // Bytes are shown in hex there.
    for (const form of ['utf8', 'base64', 'base64url', 'hex'] as const) {
      expect(everything).not.toContain(Buffer.from(canary).toString(form));
    }
    await under.stop();
  });

  it('are encrypted anew after a start with a new first key, and the old key can go then', async () => {
    const [first, second] = [newKey('first'), newKey('second')];
    await home.database.query(`UPDATE source SET credentials = NULL`);
    const before = await home.start({ SECRETS_KEYS: first });
    const made = await Promise.all([1, 2, 3].map(() => create(before)));
    await before.stop();
    expect(await keyIds()).toEqual(['first']);
    const between = await home.start({ SECRETS_KEYS: `${second},${first}` });
    await eventually(async () => ((await keyIds()).join() === 'second' ? true : undefined));
    const [source] = made;
    const seen = await between.sources.getSource({ organizationId, source: source?.id ?? '' });
    // Nobody's change: neither revision nor fingerprint tell of it.
    expect(seen.source).toEqual(source);
    expect(await between.sources.rotateSecrets({})).toEqual({ rotatedCount: 0 });
    await between.stop();
    const after = await home.start({ SECRETS_KEYS: second });
    for (const { id } of made) expect((await run(after, id)).state).toBe(SUCCEEDED);
    await after.stop();
  });

  it('that no key can read fail their syncs with a clear error, stay as they are, and can be given again', async () => {
    const before = await home.start({ SECRETS_KEYS: newKey('lost') });
    const { id } = await create(before);
    await before.stop();
    // The same id, another key; and a ring that does not have the id.
    for (const ring of [newKey('lost'), `${newKey('new')},${newKey('other')}`]) {
      const after = await home.start({ SECRETS_KEYS: ring });
      const seen = files.requests.length;
      expect(await run(after, id)).toMatchObject({
        state: FAILED,
        error: { code: 'data_sources.credentials_unreadable' },
      });
      expect(files.requests).toHaveLength(seen);
      await expect(after.sources.checkSource({ organizationId, source: id })).rejects.toMatchObject({
        kind: 'unprocessable',
        code: 'data_sources.credentials_unreadable',
      });
      expect(await keyIds()).toContain('lost');
      if (ring.startsWith('new')) {
        await after.sources.updateSource({ ...noChange(organizationId, id), credentials });
        expect((await run(after, id)).state).toBe(SUCCEEDED);
      }
      await after.stop();
    }
  });

  it("are bound to their source: another one's, put in their place, is refused", async () => {
    const under = await home.start({ SECRETS_KEYS: newKey('a') });
    const [mine, other] = [await create(under), await create(under)];
    await home.database.query(
      `UPDATE source SET credentials = (SELECT credentials FROM source WHERE id = $1) WHERE id = $2`,
      [other.id, mine.id],
    );
    expect(await run(under, mine.id)).toMatchObject({
      state: FAILED,
      error: { code: 'data_sources.credentials_unreadable' },
    });
    await under.stop();
  });
});

describe('a service without keys', () => {
  it('refuses credentials, and serves sources that need none', async () => {
    const under = await home.start();
    const refusal = { kind: 'unprocessable', code: 'data_sources.secrets_not_configured' };
    await expect(create(under)).rejects.toMatchObject(refusal);
    files.serve('a\n1\n');
    const { source } = await under.sources.createSource(httpSource(organizationId, files.url()));
    const id = source?.id ?? '';
    expect((await run(under, id)).state).toBe(SUCCEEDED);
    await expect(
      under.sources.updateSource({ ...noChange(organizationId, id), credentials }),
    ).rejects.toMatchObject(refusal);
    expect(await under.sources.rotateSecrets({})).toEqual({ rotatedCount: 0 });
    await under.stop();
  });
});
