/** How bad a finding is: good to know, look at it, unfit for training as it is. */
export type Severity = 'info' | 'warning' | 'error';

/** Stable names of the checks. */
export type CheckName =
  | 'missing'
  | 'constant'
  | 'not_finite'
  | 'duplicate_rows'
  | 'duplicate_columns'
  | 'target_leakage'
  | 'class_imbalance'
  | 'outliers'
  | 'drift'
  | 'schema_change'
  | 'text_dates'
  | 'high_cardinality'
  | 'identifier'
  | 'unchecked_columns';

/** Something a check has found. */
export interface Finding {
  readonly check: CheckName;
  readonly severity: Severity;
  /** Empty for the whole table. */
  readonly columns: readonly string[];
  /** What was found, for people. */
  readonly message: string;
  /** What to do, for people. */
  readonly advice: string;
  /** What was measured, in the check's own unit, and from where on it is a finding. */
  readonly value?: number;
  readonly threshold?: number;
  /** Rows or values it is about. */
  readonly count?: number;
  /** Whether value and count come from a sample. */
  readonly isEstimated: boolean;
  /** Some of the rows, from 0. */
  readonly rows: readonly number[];
  /** Some of the values, as text. */
  readonly values: readonly string[];
}

/** What the checks have found in a table. */
export interface QualityReport {
  /** Worst first; the first thousand. */
  readonly findings: readonly Finding[];
  /** How many more there are. */
  readonly omittedCount: number;
  /** The checks that ran. */
  readonly checks: readonly CheckName[];
  /** Number of the version that drift was measured against; 0 for none. */
  readonly comparedWith: number;
  /** Rows that the estimating checks have looked at. */
  readonly sampledRowCount: number;
}

/** Rows and values that a finding names as examples. */
export const EXAMPLES = 5;

/** A finding without what does not apply. */
export function finding(
  found: Pick<Finding, 'check' | 'severity' | 'columns' | 'message' | 'advice'> & Partial<Finding>,
): Finding {
  return { isEstimated: false, rows: [], values: [], ...found };
}

/** A share as people read it: `12.3 %`. */
export function percent(share: number): string {
  const text = (100 * share).toFixed(1);
  return text === '0.0' && share > 0 ? 'less than 0.1 %' : `${text} %`;
}
