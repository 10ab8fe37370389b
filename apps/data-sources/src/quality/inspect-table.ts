import type { DuckDBConnection } from '@duckdb/node-api';
import type { ColumnSpread, MeasuredTable } from '../profiles/spread.js';
import { measureSpreads } from '../profiles/table-spreads.js';
import type { Recipe } from '../recipes/recipe.js';
import type { EarlierVersion } from './checks/drift.js';
import type { QualityReport } from './finding.js';
import { checkQuality } from './quality-report.js';
import { qualityRefused } from './quality.errors.js';
import type { Reference } from './stability.js';

/** How the values of a version are spread: for people, and for the version after it. */
export interface StoredSpreads {
  /** One per column, in their order. */
  readonly columns: readonly ColumnSpread[];
  /** What later versions are held against. */
  readonly references: readonly Reference[];
}

/** What is found out about a table besides its statistics. */
export interface Inspection {
  readonly histograms: StoredSpreads;
  readonly quality: QualityReport;
}

/** What a table is held against, and how many threads may do that. */
export interface InspectOptions {
  readonly recipe: Recipe;
  readonly earlier?: EarlierVersion | undefined;
  readonly threads: number;
}

/**
 * Measures and checks a table. Throws `quality_refused` when it has errors and the recipe wants none. What is counted over
 * the whole table is the same with any number of threads; sums of doubles are those of samples, which one thread reads.
 */
export async function inspectTable(
  connection: DuckDBConnection,
  table: MeasuredTable,
  { recipe, earlier, threads }: InspectOptions,
): Promise<Inspection> {
  await connection.run(`SET threads = ${threads}`);
  const spreads = await measureSpreads(connection, table);
  const { target } = recipe;
  const { report, references } = await checkQuality(connection, { ...table, spreads, target, earlier });
  const errors = report.findings.filter(({ severity }) => severity === 'error');
  if (recipe.failOn === 'error' && errors.length > 0) throw qualityRefused(errors);
  return { histograms: { columns: spreads, references }, quality: report };
}
