import { literal } from '../profiles/bins.js';
import { listOf, textOf } from '../profiles/json-values.js';
import { isWhole } from '../profiles/spread.js';
import { fencesOf, isOutside } from './checks/outliers.js';
import type { OutsideRows } from './checks/outliers.js';
import { DATE_LIKE } from './checks/text-dates.js';
import { EXAMPLES } from './finding.js';
import type { Sample, SampledColumn } from './sample.js';

const MAX_TEXT = 256;
/**
 * Columns of one query. Every FILTER makes DuckDB hold all columns of the query apart once more, so that 200 columns took
 * 2 GB and 15 s of a few hundred rows; with 8, half a second.
 */
const COLUMNS_PER_QUERY = 8;

/** What the checks want to know of one column of a sample. */
export interface ColumnMeasures {
  readonly valueCount: number;
  readonly distinctCount: number;
  /** The first rows without a value. */
  readonly missingRows: readonly number[];
  /** Texts that may be dates. */
  readonly dateLikeCount: number;
  /** Equal for columns with equal values. */
  readonly fingerprint: string;
  readonly outside: OutsideRows;
}

/** Measures all columns of a sample. */
export async function measureSample(sample: Sample): Promise<ColumnMeasures[]> {
  const measures: ColumnMeasures[] = [];
  for (let start = 0; start < sample.columns.length; start += COLUMNS_PER_QUERY) {
    measures.push(...(await measureColumns(sample, sample.columns.slice(start, start + COLUMNS_PER_QUERY))));
  }
  return measures;
}

async function measureColumns(
  { connection, name }: Sample,
  columns: readonly SampledColumn[],
): Promise<ColumnMeasures[]> {
  const reader = await connection.runAndReadAll(`SELECT ${columns.flatMap(partsOf).join(', ')} FROM ${name}`);
  const row = reader.getRowsJson()[0] ?? [];
  return columns.map(({ kind }, index) => {
    const [values, distinct, missing, dates, print, outside, rows, examples] = row.slice(
      8 * index,
      8 * index + 8,
    );
    return {
      valueCount: Number(values),
      distinctCount: Number(distinct),
      missingRows: listOf(missing).map(Number),
      dateLikeCount: Number(dates),
      fingerprint: `${kind}:${textOf(print)}`,
      outside: {
        count: Number(outside),
        rows: listOf(rows).map(Number),
        values: listOf(examples).map(textOf),
      },
    };
  });
}

function partsOf(column: SampledColumn): string[] {
  const { id, kind } = column;
  const isText = kind === 'VARCHAR';
  return [
    `count(${id})`,
    isText || isWhole(kind) ? `count(DISTINCT ${id})` : '0',
    `min(row, ${EXAMPLES}) FILTER (${id} IS NULL)`,
    isText ? `count(*) FILTER (regexp_full_match(${id}, '${DATE_LIKE}'))` : '0',
    `bit_xor(hash(${id}, row))`,
    ...outsideParts(column),
  ];
}

/** How many values are outside the fences, and the rows and values that are furthest out. */
function outsideParts(column: SampledColumn): string[] {
  const fences = fencesOf(column);
  if (!fences) return ['0', 'NULL', 'NULL'];
  const filter = `FILTER (${isOutside(column, fences)})`;
  const distance = `abs(${column.number} - ${literal((fences.low + fences.high) / 2)})`;
  const text = `left(CAST(${column.id} AS VARCHAR), ${MAX_TEXT})`;
  return [
    `count(*) ${filter}`,
    `arg_max(row, ${distance}, ${EXAMPLES}) ${filter}`,
    `arg_max(${text}, ${distance}, ${EXAMPLES}) ${filter}`,
  ];
}
