import type { DuckDBConnection } from '@duckdb/node-api';
import { parquetSource, writeParquet } from './parquet.js';
import { quoteText } from './sql.js';

/** How many rows go into each part, in the order in which the ranks are handed out. */
export interface PartPlan {
  readonly name: string;
  readonly rowCount: number;
}

/** Which rows of a table go where. */
export interface SplitPlan {
  /** Parts with at least one row; together they hold every row of the table. */
  readonly parts: readonly PartPlan[];
  /** An unsigned 64-bit integer as text. */
  readonly seed: string;
}

/**
 * Writes each part of a table as Parquet, rows in the order of the table, to the path of its name.
 *
 * Row i (from 0) has the key: the first 64 bits of SHA-256 of "<seed>:<i>", ties by i. Rows in the order of their keys
 * fill the parts one after the other. That depends on nothing but seed, row count and plan.
 */
export async function splitTable(
  connection: DuckDBConnection,
  source: string,
  plan: SplitPlan,
  pathOf: (part: string) => string,
): Promise<void> {
  const columnCount = (await connection.runAndReadAll(`SELECT * FROM ${parquetSource(source)} LIMIT 0`))
    .columnCount;
  await connection.run(membership(plan));
  for (const [index, { name }] of plan.parts.entries()) {
    // The positional join pairs the n-th row of the file with the n-th membership, so no column can clash.
    const rows = `SELECT data.* FROM ${parquetSource(source)} AS data POSITIONAL JOIN membership
      WHERE membership.part = ${index}`;
    await writeParquet(connection, rows, columnCount, pathOf(name));
  }
}

function membership({ parts, seed }: SplitPlan): string {
  let end = 0;
  const cases = parts.map(({ rowCount }, index) => `WHEN rank <= ${(end += rowCount)} THEN ${index}`);
  const key = `CAST('0x' || left(sha256(concat(${quoteText(seed)}, ':', CAST(i AS VARCHAR))), 16) AS UBIGINT)`;
  return `CREATE TEMP TABLE membership AS
    SELECT CAST(CASE ${cases.join(' ')} END AS UTINYINT) AS part
    FROM (SELECT i, row_number() OVER (ORDER BY key, i) AS rank FROM (SELECT i, ${key} AS key FROM range(${end}) AS t (i)))
    ORDER BY i`;
}
