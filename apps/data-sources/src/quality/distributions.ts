import type { DuckDBConnection, Json } from '@duckdb/node-api';
import { literal } from '../profiles/bins.js';
import { frequenciesOf } from '../profiles/json-values.js';
import { isNamed, isNumeric, isTime } from '../profiles/spread.js';
import type { ColumnSpread } from '../profiles/spread.js';
import { quoteText } from '../tables/sql.js';
import type { Reference } from './stability.js';

/** A column as the distributions look at it. */
export interface DistributedColumn {
  readonly name: string;
  readonly kind: string;
  /** SQL of its values: finite doubles for numbers and times, text for text and booleans. */
  readonly value: string;
}

/** Bins of a number or time: tenths of the rows. */
const QUANTILES = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

/** Bins for each column: tenths of its rows, or its most frequent values. Columns without such bins are left out. */
export async function chooseBins(
  connection: DuckDBConnection,
  source: string,
  columns: readonly DistributedColumn[],
  spreads: ReadonlyMap<string, ColumnSpread>,
): Promise<Reference[]> {
  const measured = columns.filter(({ kind }) => isNumeric(kind) || isTime(kind));
  const edges = await quantiles(connection, source, measured);
  return columns.flatMap(({ name, kind }) => {
    const values = isNamed(kind) ? (spreads.get(name)?.topValues ?? []).map(({ value }) => value) : [];
    const own = edges.get(name) ?? [];
    return own.length + values.length === 0 ? [] : [{ column: name, kind, edges: own, values, counts: [] }];
  });
}

/** How many rows of a source are in each bin of the references; columns it does not have are left out. */
export async function countInBins(
  connection: DuckDBConnection,
  source: string,
  columns: readonly DistributedColumn[],
  references: readonly Reference[],
): Promise<Reference[]> {
  const pairs = references.flatMap((reference) => {
    const column = columns.find(({ name, kind }) => name === reference.column && kind === reference.kind);
    return column ? [{ reference, value: column.value }] : [];
  });
  if (pairs.length === 0) return [];
  const bins = pairs.map(({ reference, value }) => `histogram(${binOf(reference, value)})`);
  const reader = await connection.runAndReadAll(`SELECT ${bins.join(', ')} FROM ${source}`);
  const row = reader.getRowsJson()[0] ?? [];
  return pairs.map(({ reference }, index) => ({
    ...reference,
    counts: countsOf(row[index], binCount(reference)),
  }));
}

async function quantiles(
  connection: DuckDBConnection,
  source: string,
  columns: readonly DistributedColumn[],
): Promise<Map<string, number[]>> {
  if (columns.length === 0) return new Map();
  const lists = columns.map(({ value }) => `quantile_disc(${value}, [${QUANTILES.join(', ')}])`);
  const reader = await connection.runAndReadAll(`SELECT ${lists.join(', ')} FROM ${source}`);
  const row = reader.getRowsJson()[0] ?? [];
  return new Map(
    columns.map(({ name }, index) => {
      const list = row[index];
      return [name, Array.isArray(list) ? [...new Set(list.map(Number))] : []];
    }),
  );
}

/** The bins of a column without a value, and of all others that have none, come last. */
function binCount({ edges, values }: Reference): number {
  return (values.length === 0 ? edges.length : values.length) + 2;
}

function binOf(reference: Reference, value: string): string {
  const missing = binCount(reference) - 1;
  const { edges, values } = reference;
  const cases =
    values.length === 0
      ? edges.map((edge, index) => `WHEN ${value} < ${literal(edge)} THEN ${index}`)
      : values.map((text, index) => `WHEN ${value} = ${quoteText(text)} THEN ${index}`);
  return `CASE WHEN ${value} IS NULL THEN ${missing} ${cases.join(' ')} ELSE ${missing - 1} END`;
}

function countsOf(map: Json | undefined, size: number): number[] {
  const counts = Array.from({ length: size }, () => 0);
  for (const { value, count } of frequenciesOf(map)) counts[Number(value)] = count;
  return counts;
}
