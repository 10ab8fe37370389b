import { createTestDatabase } from '@aimass/testing';
import type { DataSource, MigrationInterface, QueryRunner } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IDEMPOTENCY_TABLE, onceOnly } from './idempotency.js';
import type { Operation } from './idempotency.js';
import { newId } from './ids.js';
import { openDataSource } from './persistence.module.js';

class CreateThings1800000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE things (id text PRIMARY KEY)');
    await runner.query(IDEMPOTENCY_TABLE);
  }
  async down(): Promise<void> {
    await Promise.reject(new Error('not in this test'));
  }
}

let url: string;
let db: DataSource;
const open = () =>
  openDataSource({ url, poolSize: 8, entities: [], migrations: [CreateThings1800000000000] });

beforeAll(async () => {
  url = await createTestDatabase();
  db = await open();
});

afterAll(() => db.destroy());

const operation = (extra: Partial<Operation> = {}): Operation => ({
  organizationId: 'org_a',
  requestId: 'key-1',
  name: 'CreateThing',
  payload: { name: 'one' },
  ...extra,
});

async function create(given: Operation, fail = false): Promise<string> {
  return db.transaction((tx) =>
    onceOnly(tx, given, async () => {
      const id = newId('thing');
      await tx.query('INSERT INTO things (id) VALUES ($1)', [id]);
      if (fail) throw new Error('failed half-way');
      return id;
    }),
  );
}

async function countOf(ids: string[]): Promise<number> {
  const rows: unknown[] = await db.query('SELECT 1 FROM things WHERE id = ANY($1)', [ids]);
  return rows.length;
}

describe('onceOnly', () => {
  it('makes exactly one thing of 20 parallel repeats, and all hear its id', async () => {
    const before: unknown[] = await db.query('SELECT 1 FROM things');
    const ids = await Promise.all(Array.from({ length: 20 }, () => create(operation())));
    const after: unknown[] = await db.query('SELECT 1 FROM things');
    expect(new Set(ids).size).toBe(1);
    expect(await countOf(ids)).toBe(1);
    expect(after.length - before.length).toBe(1);
  });

  it('refuses another payload under the same key, and makes nothing', async () => {
    const first = operation({ requestId: 'key-2' });
    await create(first);
    await expect(create({ ...first, payload: { name: 'two' } })).rejects.toMatchObject({
      kind: 'unprocessable',
      code: 'idempotency_key_reused',
    });
  });

  it('keeps organizations and operations apart', async () => {
    const first = operation({ requestId: 'key-3' });
    const ids = [
      await create(first),
      await create({ ...first, organizationId: 'org_b' }),
      await create({ ...first, name: 'CreateOther' }),
    ];
    expect(new Set(ids).size).toBe(3);
  });

  it('forgets an attempt that failed, so that it can be repeated', async () => {
    const first = operation({ requestId: 'key-4' });
    await expect(create(first, true)).rejects.toThrow('failed half-way');
    const id = await create(first);
    expect(await countOf([id])).toBe(1);
  });

  it('makes one thing per call when there is no key', async () => {
    const keyless = operation({ requestId: '' });
    expect(await create(keyless)).not.toBe(await create(keyless));
  });
});

describe('openDataSource', () => {
  it('brings the schema up to date once, however many processes start at once', async () => {
    const others = await Promise.all([open(), open(), open()]);
    const rows: unknown[] = await db.query('SELECT 1 FROM migrations');
    expect(rows).toHaveLength(1);
    await Promise.all(others.map((other) => other.destroy()));
  });
});
