/** One bar of a histogram: from `lower`, inclusive, to `upper`, exclusive but for the last. */
export interface HistogramBin {
  readonly lower: string;
  readonly upper: string;
  readonly count: number;
}

/** How often a value occurs; the value as text, cut at 256 characters. */
export interface ValueCount {
  readonly value: string;
  readonly count: number;
}

/** Lengths in characters. */
export interface TextLengths {
  readonly min: number;
  readonly max: number;
  readonly mean: number;
}

/** How the values of a column are spread. What does not apply to its type is empty, 0 or null. */
export interface ColumnSpread {
  readonly name: string;
  /** Numbers and times. Finite values only. */
  readonly histogram: readonly HistogramBin[];
  /** Text and booleans: the most frequent values, most frequent first, ties in the order of their bytes. */
  readonly topValues: readonly ValueCount[];
  /** Values that are not among `topValues`. */
  readonly otherCount: number;
  readonly nanCount: number;
  readonly infiniteCount: number;
  readonly lengths: TextLengths | null;
  /** Whether `topValues` were chosen on a sample; their counts are exact all the same. */
  readonly isChoiceSampled: boolean;
}

/** What is known of a column before its spread is measured. */
export interface MeasuredColumn {
  readonly name: string;
  readonly kind: string;
  readonly nullCount: number;
  /** Exact up to 1,000, approximate above. */
  readonly distinctCount: number;
  readonly min: string | null;
  readonly max: string | null;
  readonly quartiles: readonly number[];
}

/** A table that has been profiled. */
export interface MeasuredTable {
  /** Of its Parquet file. */
  readonly path: string;
  readonly columns: readonly MeasuredColumn[];
  readonly rowCount: number;
}

const FLOATING = /^(DOUBLE|FLOAT)$/;
const WHOLE = /^U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)$/;

export function isFloating(kind: string): boolean {
  return FLOATING.test(kind);
}

export function isWhole(kind: string): boolean {
  return WHOLE.test(kind);
}

export function isNumeric(kind: string): boolean {
  return isFloating(kind) || isWhole(kind) || kind.startsWith('DECIMAL');
}

export function isTime(kind: string): boolean {
  return kind === 'DATE' || kind.startsWith('TIMESTAMP');
}

/** Whether a column's values are named rather than measured. */
export function isNamed(kind: string): boolean {
  return kind === 'VARCHAR' || kind === 'BOOLEAN';
}

/** Whether values can be compared and counted; those of files and lists are not. */
export function isScalar(kind: string): boolean {
  return isNumeric(kind) || isTime(kind) || isNamed(kind);
}
