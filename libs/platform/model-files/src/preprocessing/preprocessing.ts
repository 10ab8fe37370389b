import { z } from 'zod';
import { preprocessingInvalid } from '../model-files.errors.js';

/** The file of a model, and of a split, that says how raw columns become the columns that were trained on. */
export const PREPROCESSING_FILE = 'preprocessing.json';

/** What a column holds. `other` is passed through: nothing can be fitted to it and no model can take it. */
export type ColumnContent = 'number' | 'text' | 'boolean' | 'other';

/** A column before any step. */
export interface RawColumn {
  readonly name: string;
  readonly content: ColumnContent;
}

/** One fitted step on one column; steps apply in their order. */
export type PreprocessingStep =
  /** Missing values become `value`. Empty text and NaN are missing too. */
  | { readonly op: 'fill'; readonly column: string; readonly value: number | string }
  /** One column of 0 and 1 for each category, in their order; another value, or none, is 0 in all of them. */
  | { readonly op: 'oneHot'; readonly column: string; readonly categories: readonly (number | string)[] }
  /** `(x − mean) / scale`, in 64-bit floating point. */
  | { readonly op: 'standardize'; readonly column: string; readonly mean: number; readonly scale: number };

/** Fitted on the training part of a split, applied to every part of it and to every request. */
export interface Preprocessing {
  /** Every column of the dataset version, in its order. */
  readonly columns: readonly RawColumn[];
  readonly steps: readonly PreprocessingStep[];
}

const FORMAT = 'aimass.preprocessing.v1';
const MAX_COLUMNS = 10_000;
const MAX_STEPS = 20_000;
const MAX_CATEGORIES = 10_000;

const name = z.string().min(1).max(1_000_000);
const value = z.union([z.number(), z.string()]);
const schema = z.strictObject({
  format: z.literal(FORMAT),
  columns: z
    .array(z.strictObject({ name, content: z.enum(['number', 'text', 'boolean', 'other']) }))
    .max(MAX_COLUMNS),
  steps: z
    .array(
      z.discriminatedUnion('op', [
        z.strictObject({ op: z.literal('fill'), column: name, value }),
        z.strictObject({
          op: z.literal('oneHot'),
          column: name,
          categories: z.array(value).max(MAX_CATEGORIES),
        }),
        z.strictObject({
          op: z.literal('standardize'),
          column: name,
          mean: z.number(),
          scale: z.number().positive(),
        }),
      ]),
    )
    .max(MAX_STEPS),
});

/** The canonical text: the same fit gives the same bytes. Numbers are the shortest text that reads back as the same. */
export function encodePreprocessing({ columns, steps }: Preprocessing): string {
  const ordered = {
    format: FORMAT,
    columns: columns.map((column) => ({ name: column.name, content: column.content })),
    steps: steps.map(orderedStep),
  };
  return `${JSON.stringify(ordered)}\n`;
}

/** Reads what `encodePreprocessing` wrote. Throws `unprocessable` for anything else. */
export function parsePreprocessing(content: Uint8Array | string): Preprocessing {
  const text = typeof content === 'string' ? content : Buffer.from(content).toString();
  const parsed = schema.safeParse(parseJson(text));
  if (parsed.success) return { columns: parsed.data.columns, steps: parsed.data.steps };
  const [issue] = parsed.error.issues;
  throw preprocessingInvalid(`${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`);
}

function orderedStep(step: PreprocessingStep): PreprocessingStep {
  const { op, column } = step;
  if (op === 'fill') return { op, column, value: step.value };
  if (op === 'oneHot') return { op, column, categories: step.categories };
  return { op, column, mean: step.mean, scale: step.scale };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
