import { literal } from '../profiles/bins.js';
import { listOf, textOf } from '../profiles/json-values.js';
import { isWhole } from '../profiles/spread.js';
import { fencesOf, isOutside } from './checks/outliers.js';
import type { OutsideRows } from './checks/outliers.js';
import { DATE_LIKE } from './checks/text-dates.js';
import { EXAMPLES } from './finding.js';
import type { Sample, SampledColumn } from './sample.js';

const MAX_TEXT = 256;

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

/** Measures all columns of a sample in one query. */
export async function measureSample(sample: Sample): Promise<ColumnMeasures[]> {
  const parts = sample.columns.flatMap(partsOf);
  const reader = await sample.connection.runAndReadAll(`SELECT ${parts.join(', ')} FROM ${sample.name}`);
  const row = reader.getRowsJson()[0] ?? [];
  return sample.columns.map(({ kind }, index) => {
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
