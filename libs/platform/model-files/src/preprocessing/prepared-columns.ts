import { preprocessingInvalid, quote } from '../model-files.errors.js';
import type { ColumnContent, Preprocessing, PreprocessingStep, RawColumn } from './preprocessing.js';

/** What is done to one value of a column. */
export type Operation =
  | { readonly op: 'fill'; readonly value: number | string }
  /** 1 for this category, else 0. */
  | { readonly op: 'equals'; readonly category: number | string }
  | { readonly op: 'standardize'; readonly mean: number; readonly scale: number };

/** A column after the steps: where its values come from, and what is done to them, in order. */
export interface PreparedColumn {
  readonly name: string;
  readonly source: RawColumn;
  /** What it holds after the operations. */
  readonly content: ColumnContent;
  readonly operations: readonly Operation[];
}

/** Columns before any step. */
export function rawColumns(columns: readonly RawColumn[]): PreparedColumn[] {
  return columns.map((source) => ({ name: source.name, source, content: source.content, operations: [] }));
}

/**
 * The columns after all steps, in the order in which split parts have them: one-hot columns stand where their source
 * stood. Throws `unprocessable` when a step does not fit the columns it finds.
 */
export function preparedColumns({ columns, steps }: Preprocessing): PreparedColumn[] {
  return steps.reduce(applyStep, rawColumns(columns));
}

/** The columns after one more step. Throws `unprocessable` when it does not fit them. */
export function applyStep(columns: readonly PreparedColumn[], step: PreprocessingStep): PreparedColumn[] {
  const index = columns.findIndex(({ name }) => name === step.column);
  const column = columns[index];
  if (!column) throw preprocessingInvalid(`a step names an absent column ${quote(step.column)}`);
  const after = stepOn(column, step);
  const prepared = [...columns.slice(0, index), ...after, ...columns.slice(index + 1)];
  if (step.op === 'oneHot') assertDistinct(prepared);
  return prepared;
}

/** The name of a one-hot column. */
export function oneHotName(column: string, category: number | string): string {
  return `${column}_${category}`;
}

function stepOn(column: PreparedColumn, step: PreprocessingStep): PreparedColumn[] {
  const { name, operations } = column;
  assertSuits(column, step);
  if (step.op === 'oneHot') {
    return step.categories.map((category) => ({
      ...column,
      name: oneHotName(name, category),
      content: 'number',
      operations: [...operations, { op: 'equals', category }],
    }));
  }
  const operation: Operation =
    step.op === 'fill'
      ? { op: 'fill', value: step.value }
      : { op: 'standardize', mean: step.mean, scale: step.scale };
  return [{ ...column, operations: [...operations, operation] }];
}

function assertSuits({ name, content }: PreparedColumn, step: PreprocessingStep): void {
  const values = step.op === 'fill' ? [step.value] : step.op === 'oneHot' ? step.categories : [step.mean];
  const wanted = content === 'number' ? 'number' : 'string';
  if (content !== 'other' && values.every((value) => typeof value === wanted)) return;
  throw preprocessingInvalid(`step "${step.op}" does not suit column ${quote(name)}`);
}

function assertDistinct(columns: readonly PreparedColumn[]): void {
  const names = new Set<string>();
  for (const { name } of columns) {
    const key = name.toLowerCase();
    if (names.has(key))
      throw preprocessingInvalid(`it makes two columns ${quote(name)}, in any case of letters`);
    names.add(key);
  }
}
