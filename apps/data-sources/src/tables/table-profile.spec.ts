import { expect, it } from 'vitest';
import { tableBench } from '../../test/measured-table.js';
import { profileTable } from './table-profile.js';

it('statistics are the same with any number of threads', async () => {
  const bench = await tableBench();
  try {
    const rowCount = 1_000_000;
    const path = await bench.write(
      `SELECT CASE WHEN i % 2 = 0 THEN 1e16 ELSE 0.3 * i END AS x, CAST(i % 1003 AS BIGINT) AS n, 'text ' || (i * 7919 % 100003) AS t
        FROM range(${rowCount}) AS r (i)`,
    );
    const columns = [
      { name: 'x', kind: 'DOUBLE' },
      { name: 'n', kind: 'BIGINT' },
      { name: 't', kind: 'VARCHAR' },
    ] as const;
    const profile = (threads: number) => profileTable(bench.connection, { path, columns, rowCount, threads });
    const alone = await profile(1);
    expect(alone[1]).toMatchObject({ distinctCount: 1003, min: '0', max: '1002' });
    for (const threads of [2, 5]) expect(await profile(threads)).toEqual(alone);
  } finally {
    await bench.dispose();
  }
});
