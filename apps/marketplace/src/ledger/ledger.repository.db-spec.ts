import { openDataSource } from '@aimass/platform-persistence';
import { createTestDatabase } from '@aimass/testing';
import type { DataSource } from 'typeorm';
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { entities, migrations } from '../data-source.js';
import { LedgerEntry } from './ledger-entry.entity.js';
import { LedgerRepository } from './ledger.repository.js';

let dataSource: DataSource;
let ledger: LedgerRepository;

beforeAll(async () => {
  dataSource = await openDataSource({ url: await createTestDatabase(), poolSize: 6, entities, migrations });
  ledger = new LedgerRepository(dataSource);
});

afterAll(() => dataSource.destroy());

function entry(debit: string, id = uuidv7()): LedgerEntry {
  const fact = {
    id,
    occurredAt: new Date(),
    keyId: 'key_1',
    requestId: 'req_1',
    modelName: 'acme/faithful',
    deploymentId: 'dep_1',
    modelVersionId: 'mv_1',
    subscriptionId: 'sub_1',
    quantity: 4_294_967_295,
  };
  const amount = { currency: 'USD', nano: '9007199254740993' };
  return LedgerEntry.create(fact, { debit, credit: 'org_vendor', planId: 'pln_1', amount });
}

describe('LedgerRepository', () => {
  it('adds the same events once when writers bring them at the same time, in whatever order', async () => {
    const ids = Array.from({ length: 1_000 }, () => uuidv7());
    const write = (order: readonly string[]) =>
      dataSource.transaction((tx) =>
        ledger.insertNew(
          tx,
          order.map((id) => entry('org_parallel', id)),
        ),
      );
    const added = await Promise.all([
      write(ids),
      write([...ids].reverse()),
      write(ids.slice(300)),
      write(ids),
    ]);
    expect(added.reduce((sum, count) => sum + count, 0)).toBe(1_000);
    const [sum] = await ledger.summarize({ organizationId: 'org_parallel', subscriptionId: '' });
    expect(sum?.entries).toBe('1000');
  });

  it('keeps integers beyond 2^53 exact, alone and in sums beyond 64 bits', async () => {
    await dataSource.transaction((tx) =>
      ledger.insertNew(
        tx,
        Array.from({ length: 2_000 }, () => entry('org_exact')),
      ),
    );
    const filter = { organizationId: 'org_exact', subscriptionId: 'sub_1' };
    const { items } = await ledger.list(filter, { afterId: '', size: 1 });
    expect(items[0]).toMatchObject({ amountNano: '9007199254740993', quantity: '4294967295' });
    expect(await ledger.summarize(filter)).toEqual([
      {
        currency: 'USD',
        entries: '2000',
        quantity: (2_000n * 4_294_967_295n).toString(),
        amountNano: (2_000n * 9_007_199_254_740_993n).toString(),
      },
    ]);
  });

  it('keeps sums that equal those of the entries', async () => {
    const total: unknown[] = await dataSource.query(`SELECT * FROM usage_total ORDER BY 1, 2, 3`);
    const counted: unknown[] = await dataSource.query(
      `SELECT debit_organization_id, subscription_id, currency, count(*) AS entries, sum(quantity) AS quantity,
         sum(amount_nano) AS amount_nano FROM ledger_entry GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
    );
    expect(total).toEqual(counted);
    expect(counted).toHaveLength(2);
  });

  it('adds nothing when its transaction fails', async () => {
    const failing = dataSource.transaction(async (tx) => {
      await ledger.insertNew(tx, [entry('org_failed')]);
      throw new Error('the consumer died');
    });
    await expect(failing).rejects.toThrow('the consumer died');
    expect(await ledger.summarize({ organizationId: 'org_failed', subscriptionId: '' })).toEqual([]);
  });
});

describe('migrations', () => {
  it('can be taken back and applied again', async () => {
    const url = await createTestDatabase();
    const other = await openDataSource({ url, poolSize: 2, entities, migrations });
    for (const _ of migrations) await other.undoLastMigration();
    expect(await other.query(`SELECT relname FROM pg_class WHERE relname = 'ledger_entry'`)).toEqual([]);
    expect(await other.runMigrations()).toHaveLength(migrations.length);
    await other.destroy();
  });
});
