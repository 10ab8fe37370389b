import type { DuckDBConnection } from '@duckdb/node-api';
import { targetSizes } from './split-plan.js';
import type { Ratios } from './split-plan.js';

/** Bounds what is in memory at a time. */
const GROUPS_PER_PAGE = 100_000;

/** What groups are made of. */
export interface GroupTask {
  /** Stands after FROM and gives `value`: the group of each row, or NULL. */
  readonly rows: string;
  readonly rowCount: number;
  readonly ratios: Ratios;
  /** SQL of the key of a `value`. */
  readonly key: string;
}

/**
 * Makes the temporary table `assignment (value, part)`. Groups come in the order of their keys, ties by value; each goes
 * to the part that lacks the largest share of its rows among those that have room for it. A group larger than any room
 * goes where most rows lack. Ties go to the earlier part.
 */
export async function assignGroups(
  connection: DuckDBConnection,
  { rows, rowCount, ratios, key }: GroupTask,
): Promise<void> {
  await connection.run(
    `CREATE TEMP TABLE groups AS
     SELECT value, size, CAST(row_number() OVER (ORDER BY key, value) - 1 AS BIGINT) AS place FROM (
       SELECT value, size, ${key} AS key FROM (SELECT value, count(*) AS size FROM ${rows} GROUP BY value)
     ) ORDER BY place`,
  );
  await connection.run('CREATE TEMP TABLE placed (place BIGINT, part UTINYINT)');
  const targets = targetSizes(ratios, rowCount);
  const lacking = [...targets];
  const appender = await connection.createAppender('placed');
  for (let start = 0; ; start += GROUPS_PER_PAGE) {
    const sizes = await sizesFrom(connection, start);
    for (const [index, size] of sizes.entries()) {
      const part = placeFor(size, lacking, targets);
      lacking[part] = (lacking[part] ?? 0) - size;
      appender.appendBigInt(BigInt(start + index));
      appender.appendUTinyInt(part);
      appender.endRow();
    }
    if (sizes.length < GROUPS_PER_PAGE) break;
  }
  appender.closeSync();
  await connection.run(
    'CREATE TEMP TABLE assignment AS SELECT value, part FROM groups JOIN placed USING (place)',
  );
}

/** The sizes of the next groups. In pages, since a stream would end as soon as the appender writes. */
async function sizesFrom(connection: DuckDBConnection, start: number): Promise<number[]> {
  const reader = await connection.runAndReadAll(
    `SELECT size FROM groups WHERE place >= ${start} AND place < ${start + GROUPS_PER_PAGE} ORDER BY place`,
  );
  return reader.getRows().map(([size]) => Number(size));
}

/** Parts with ratio 0 have no room, and lack nothing. Shares are compared as whole numbers, so that nothing is rounded. */
function placeFor(size: number, lacking: readonly number[], targets: readonly number[]): number {
  let best: number | undefined;
  let most = 0;
  lacking.forEach((rows, part) => {
    if (rows > (lacking[most] ?? 0)) most = part;
    if (rows < size) return;
    const isNeedier =
      best === undefined || rows * (targets[best] ?? 0) > (lacking[best] ?? 0) * (targets[part] ?? 0);
    if (isNeedier) best = part;
  });
  return best ?? most;
}
