import { DuckDBInstance } from '@duckdb/node-api';
import type { CopyPlan, CopyResult } from './duckdb-copy.js';

const plan = JSON.parse(process.argv[2] ?? '') as CopyPlan;
process.send?.(await copy(plan));

async function copy({ csv, parquet, threads }: CopyPlan): Promise<CopyResult> {
  const instance = await DuckDBInstance.create(':memory:', { threads: String(threads) });
  const connection = await instance.connect();
  const quoted = (path: string) => `'${path.replaceAll("'", "''")}'`;
  const startedAt = performance.now();
  const result = await connection.runAndReadAll(
    `COPY (SELECT * FROM read_csv(${quoted(csv)})) TO ${quoted(parquet)} (FORMAT parquet)`,
  );
  return { seconds: (performance.now() - startedAt) / 1000, rowCount: Number(result.getRows()[0]?.[0]) };
}
