import type { DuckDBConnection } from '@duckdb/node-api';
import { isNumeric, isScalar, isTime } from '../profiles/spread.js';
import type { ColumnSpread, MeasuredColumn, MeasuredTable } from '../profiles/spread.js';
import { highCardinality, identifier } from './checks/cardinality.js';
import { constant, missing, notFinite, uncheckedColumns } from './checks/columns.js';
import { drift, schemaChanges } from './checks/drift.js';
import type { EarlierVersion } from './checks/drift.js';
import { areRowsComparable, duplicateColumns, duplicateRows } from './checks/duplicates.js';
import type { ColumnFingerprint } from './checks/duplicates.js';
import { classImbalance } from './checks/imbalance.js';
import { targetLeakage } from './checks/leakage.js';
import { outliers } from './checks/outliers.js';
import { looksLikeDates, textDates } from './checks/text-dates.js';
import { chooseBins, countInBins } from './distributions.js';
import type { DistributedColumn } from './distributions.js';
import type { CheckName, Finding, QualityReport, Severity } from './finding.js';
import { measureSample } from './measures.js';
import type { ColumnMeasures } from './measures.js';
import { drawSample, sampleRows } from './sample.js';
import type { Sample, SampledColumn } from './sample.js';
import type { Reference } from './stability.js';

/** Columns that are sampled together: more would cost DuckDB more memory than an operation may use. */
const COLUMNS_PER_SAMPLE = 200;
/** Columns that are checked: more would make the import of a very wide table take too long. */
const CHECKED_COLUMNS = 1_000;
/** A report has no more: a table of ten thousand columns can have that many findings of one kind. */
const MAX_FINDINGS = 1_000;
const SEVERITIES: readonly Severity[] = ['error', 'warning', 'info'];

/** A table to check, and what it is checked against. */
export interface CheckedTable extends MeasuredTable {
  readonly spreads: readonly ColumnSpread[];
  /** The column to predict, when the recipe names one. */
  readonly target?: string | undefined;
  /** The version before, when there is one. */
  readonly earlier?: EarlierVersion | undefined;
}

/** The report, and the distributions that the next version will be held against. */
export interface Inspected {
  readonly report: QualityReport;
  readonly references: readonly Reference[];
}

/**
 * Checks the quality of a table. Up to 100,000 rows (fewer of a wide table) are looked at as they are; of a larger
 * table a sample of that many, the same every time, and findings say that they are estimates.
 */
export async function checkQuality(connection: DuckDBConnection, table: CheckedTable): Promise<Inspected> {
  const target = table.columns.find(({ name, kind }) => name === table.target && isScalar(kind));
  const found = new Gathered();
  const all = table.columns.filter(({ kind }) => isScalar(kind));
  const scalars = all.slice(0, CHECKED_COLUMNS);
  found.add(uncheckedColumns(all.length, CHECKED_COLUMNS));
  for (let start = 0; start < scalars.length; start += COLUMNS_PER_SAMPLE) {
    const columns = scalars.slice(start, start + COLUMNS_PER_SAMPLE);
    const wanted = sampleRows(Math.min(scalars.length, COLUMNS_PER_SAMPLE));
    const sample = await drawSample(connection, table, { columns, target, wanted });
    await checkSample(sample, table, found);
  }
  await connection.run('DROP TABLE IF EXISTS sample');
  found.add(await duplicateRows(connection, table));
  found.add(await duplicateColumns(connection, table, found.fingerprints));
  if (target) found.add(await classImbalance(connection, table.path, target));
  if (table.earlier) found.add(schemaChanges(table.earlier, table.columns));
  return {
    report: {
      ...found.worstFirst(),
      checks: checksOf(table, target),
      comparedWith: table.earlier?.number ?? 0,
      sampledRowCount: found.sampledRowCount,
    },
    references: found.references,
  };
}

/** What the checks of one sample after the other have found. */
class Gathered {
  readonly fingerprints: ColumnFingerprint[] = [];
  readonly references: Reference[] = [];
  private readonly findings: Finding[] = [];
  sampledRowCount = 0;

  add(findings: readonly Finding[]): void {
    this.findings.push(...findings);
  }

  /** Stable: findings of a severity stay in the order in which they were made. */
  worstFirst(): { findings: Finding[]; omittedCount: number } {
    const all = SEVERITIES.flatMap((severity) => this.findings.filter((one) => one.severity === severity));
    const findings = all.slice(0, MAX_FINDINGS);
    return { findings, omittedCount: all.length - findings.length };
  }
}

async function checkSample(sample: Sample, table: CheckedTable, found: Gathered): Promise<void> {
  const measures = await measureSample(sample);
  const spreads = new Map(table.spreads.map((spread) => [spread.name, spread]));
  found.sampledRowCount = sample.rowCount;
  for (const [index, column] of sample.columns.entries()) {
    const measured = measures[index];
    if (!measured) continue;
    found.fingerprints.push({ name: column.name, fingerprint: measured.fingerprint });
    found.add(checkColumn(sample, table, { column, measured, spread: spreads.get(column.name) }));
    if (looksLikeDates({ dateLike: measured.dateLikeCount, values: measured.valueCount })) {
      found.add(await textDates(sample, column));
    }
  }
  found.add(await targetLeakage(sample));
  await checkDistributions(sample, table, { found, spreads });
}

function checkColumn(
  sample: Sample,
  { rowCount, target }: CheckedTable,
  about: { column: SampledColumn; measured: ColumnMeasures; spread: ColumnSpread | undefined },
): Finding[] {
  const { column, measured, spread } = about;
  const isTarget = column.name === target;
  const distinct = { ...measured, isEstimated: sample.isEstimate };
  const facts = { column, spread, rowCount, isTarget, missingRows: measured.missingRows };
  return [
    ...missing(facts),
    ...constant(facts),
    ...notFinite(facts),
    ...identifier(column, distinct, isTarget),
    ...highCardinality(column, distinct),
    ...outliers(column, measured.outside, {
      rowCount: sample.rowCount,
      tableRowCount: sample.tableRowCount,
      isEstimate: sample.isEstimate,
    }),
  ];
}

/** Chooses bins for the next version, and counts this one's rows in those of the version before. */
async function checkDistributions(
  sample: Sample,
  table: CheckedTable,
  { found, spreads }: { found: Gathered; spreads: ReadonlyMap<string, ColumnSpread> },
): Promise<void> {
  const { connection, name } = sample;
  const columns = sample.columns.map(distributed);
  const bins = await chooseBins(connection, name, columns, spreads);
  found.references.push(...(await countInBins(connection, name, columns, bins)));
  if (!table.earlier) return;
  const now = await countInBins(connection, name, columns, table.earlier.references);
  found.add(drift(table.earlier, now, sample.isEstimate));
}

function distributed({ name, kind, id, number }: SampledColumn): DistributedColumn {
  return { name, kind, value: isNumeric(kind) || isTime(kind) ? number : `CAST(${id} AS VARCHAR)` };
}

function checksOf(table: CheckedTable, target: MeasuredColumn | undefined): CheckName[] {
  return [
    'missing',
    'constant',
    'not_finite',
    ...(areRowsComparable(table) ? (['duplicate_rows'] as const) : []),
    'duplicate_columns',
    'outliers',
    'text_dates',
    'high_cardinality',
    'identifier',
    ...(target ? (['target_leakage', 'class_imbalance'] as const) : []),
    ...(table.earlier ? (['drift', 'schema_change'] as const) : []),
  ];
}
