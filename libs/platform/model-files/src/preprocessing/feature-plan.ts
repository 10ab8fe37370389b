import { preprocessingInvalid, quote } from '../model-files.errors.js';
import type { TensorFacts } from '../signature.js';
import { preparedColumns } from './prepared-columns.js';
import type { Operation, PreparedColumn } from './prepared-columns.js';
import type { ColumnContent, Preprocessing, RawColumn } from './preprocessing.js';

/** A raw value as requests bring it; booleans are `true` and `false` as text. */
export type RawValue = number | string;

/** How the raw columns of requests become the features of one model. */
export interface FeaturePlan {
  /** The raw columns that the features need, in the order in which features first need them. */
  readonly sources: readonly RawColumn[];
  /** In the model's order. */
  readonly features: readonly PlannedFeature[];
}

/** One feature of a model. */
export interface PlannedFeature {
  /** Place of its source among the plan's sources. */
  readonly sourceIndex: number;
  readonly operations: readonly Operation[];
}

const DATATYPES = { number: 'FP64', text: 'BYTES', boolean: 'BOOL', other: '' } as const satisfies Record<
  ColumnContent,
  string
>;

/** Throws `unprocessable` when a feature is not a number after preprocessing, or absent. */
export function planFeatures(preprocessing: Preprocessing, names: readonly string[]): FeaturePlan {
  const prepared = new Map(preparedColumns(preprocessing).map((column) => [column.name, column]));
  const sources: RawColumn[] = [];
  const features = names.map((name) => {
    const column = numberColumn(prepared, name);
    const known = sources.indexOf(column.source);
    const sourceIndex = known < 0 ? sources.push(column.source) - 1 : known;
    return { sourceIndex, operations: column.operations };
  });
  return { sources, features };
}

/**
 * What a model with this plan takes: one tensor `features` of all raw columns when they are numbers, else an input for
 * each, named like its column, one value a row. Numbers are FP64, so that serving computes exactly what training did.
 */
export function rawInputs({ sources }: FeaturePlan): TensorFacts[] {
  if (sources.every(({ content }) => content === 'number')) {
    return [{ name: 'features', datatype: DATATYPES.number, shape: ['-1', String(sources.length)] }];
  }
  return sources.map(({ name, content }) => ({ name, datatype: DATATYPES[content], shape: ['-1', '1'] }));
}

/** Writes the features of all rows, row-major. `valueAt` gives the raw value of a source in a row. */
export function writeFeatures(
  { features }: FeaturePlan,
  rowCount: number,
  valueAt: (sourceIndex: number, row: number) => RawValue,
  target: Float32Array | Float64Array,
): void {
  const width = features.length;
  features.forEach(({ sourceIndex, operations }, column) => {
    for (let row = 0; row < rowCount; row++) {
      target[row * width + column] = compute(valueAt(sourceIndex, row), operations);
    }
  });
}

function numberColumn(prepared: ReadonlyMap<string, PreparedColumn>, name: string): PreparedColumn {
  const column = prepared.get(name);
  if (column?.content === 'number') return column;
  throw preprocessingInvalid(
    `the model's feature ${quote(name)} is ${column ? 'no number' : 'absent'} after preprocessing`,
  );
}

function compute(raw: RawValue, operations: readonly Operation[]): number {
  let value = raw;
  for (const operation of operations) {
    if (operation.op === 'standardize') value = (Number(value) - operation.mean) / operation.scale;
    else if (operation.op === 'equals') value = value === operation.category ? 1 : 0;
    else if (value === '' || Number.isNaN(value)) value = operation.value;
  }
  return Number(value);
}
