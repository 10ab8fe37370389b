import { z } from 'zod';
import { filterExpression, scalar } from './filter.js';

/** A table has no more columns, so no recipe names more. */
const MAX_COLUMNS = 10_000;
/** Steps of a recipe. */
const MAX_TRANSFORMS = 100;

const columnName = z.string().min(1).max(1_000);
const columnNames = z.array(columnName).min(1).max(MAX_COLUMNS);
const byColumn = <T extends z.ZodType>(value: T) =>
  z
    .record(columnName, value)
    .refine((entries) => Object.keys(entries).length > 0, 'must name at least one column');
const character = z.string().length(1);

/** What a column can be made. */
export const columnType = z.enum(['integer', 'double', 'boolean', 'date', 'timestamp', 'text']);
export type RecipeColumnType = z.infer<typeof columnType>;

/** How a file is read; `auto` finds out. */
export const formatName = z.enum(['auto', 'csv', 'tsv', 'jsonl', 'parquet', 'images', 'npy', 'npz']);

/** How CSV text is read; what is absent is found out. */
const csvOptions = z.strictObject({
  delimiter: character.optional(),
  encoding: z
    .enum(['auto', 'utf-8', 'utf-16le', 'utf-16be', 'latin1', 'windows-1252'])
    .optional()
    .describe('auto takes a byte order mark into account, else UTF-8'),
  quote: character.optional(),
  decimal: z.enum(['.', ',']).optional(),
  thousands: z.enum([',', '.', ' ', "'", '_']).optional().describe('in numbers; none unless told'),
  header: z.boolean().optional().describe('whether the first line names the columns; true unless told'),
});

/** What the file does not say of a column, or says wrongly. */
const columnOverride = z.strictObject({
  name: columnName,
  type: columnType.optional(),
  format: z.string().min(1).max(64).optional().describe('of dates and times, as strptime takes it: %d.%m.%Y'),
  nullValues: z.array(z.string().max(1_000)).max(100).optional().describe('texts that mean no value'),
});

/** Statistics of train that fill a gap; to fill in one of these words itself, write `{"value": "mean"}`. */
export const FILL_STATISTICS = ['mean', 'median', 'mode'] as const;
const fillValue = z.union([scalar, z.strictObject({ value: scalar })]);

/** Steps from row to row: they apply when a version is imported. */
const select = z.strictObject({ select: columnNames });
const drop = z.strictObject({ drop: columnNames });
const rename = z.strictObject({ rename: byColumn(columnName) });
const filter = z.strictObject({ filter: filterExpression });
const cast = z.strictObject({ cast: byColumn(columnType) });
const fill = z.strictObject({ fill: byColumn(fillValue) });

/** Steps that learn from train: they are fitted when a split is made. */
const oneHot = z.strictObject({
  oneHot: z.strictObject({ columns: columnNames, maxCategories: z.int().min(1).max(1_000).optional() }),
});
const standardize = z.strictObject({ standardize: z.strictObject({ columns: columnNames }) });

const transform = z.union([select, drop, rename, filter, cast, fill, oneHot, standardize]);
export type Transform = z.infer<typeof transform>;

/** How data becomes a dataset version: how it is read, and what is done to it. Part of the version. */
export const recipeSchema = z
  .strictObject({
    version: z.literal(1).optional().describe('of this form; 1 unless told'),
    format: formatName.optional(),
    csv: csvOptions.optional(),
    columns: z.array(columnOverride).max(MAX_COLUMNS).optional().describe('overrides of the inferred schema'),
    target: columnName.optional().describe('the column to predict; the quality checks look at it'),
    failOn: z
      .literal('error')
      .optional()
      .describe('refuses data in which a quality check finds an error; else it is only reported'),
    transforms: z.array(transform).max(MAX_TRANSFORMS).optional(),
  })
  .superRefine((recipe, context) => {
    checkColumns(recipe.columns ?? [], context);
    checkOrder(recipe.transforms ?? [], context);
  });
export type Recipe = z.infer<typeof recipeSchema>;

/** Whether a step learns from train. A `fill` that holds a statistic does, with all of its columns. */
export function isFitted(step: Transform): boolean {
  if ('oneHot' in step || 'standardize' in step) return true;
  return 'fill' in step && Object.values(step.fill).some(isStatistic);
}

/** Whether what fills a gap is a statistic of train rather than a value. */
export function isStatistic(fillWith: z.infer<typeof fillValue>): boolean {
  return typeof fillWith === 'string' && (FILL_STATISTICS as readonly string[]).includes(fillWith);
}

function checkColumns(columns: readonly { name: string }[], context: z.RefinementCtx): void {
  const seen = new Set<string>();
  columns.forEach(({ name }, index) => {
    if (seen.has(name)) {
      context.addIssue({
        code: 'custom',
        path: ['columns', index, 'name'],
        message: 'names a column twice',
      });
    }
    seen.add(name);
  });
}

/** Fitted steps come last: what a version's snapshot holds is what came before them. */
function checkOrder(steps: readonly Transform[], context: z.RefinementCtx): void {
  const firstFitted = steps.findIndex(isFitted);
  if (firstFitted < 0) return;
  steps.forEach((step, index) => {
    if (index > firstFitted && !isFitted(step)) {
      context.addIssue({
        code: 'custom',
        path: ['transforms', index],
        message:
          'must come before the steps that are fitted on train (fill with a statistic, oneHot, standardize)',
      });
    }
  });
}
