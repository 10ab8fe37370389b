import type { Scalar, Transform } from '@aimass/contracts';
import { applyStep, oneHotName, rawColumns } from '@aimass/platform-model-files';
import type {
  ColumnContent,
  PreparedColumn,
  Preprocessing,
  PreprocessingStep,
} from '@aimass/platform-model-files';
import { categoriesOf, meansOf, mediansOf, scalesOf } from './fit-statistics.js';
import type { FitRows, FitValue } from './fit-statistics.js';
import { literalFor } from './literals.js';
import { preparedValue } from './prepared-sql.js';
import { columnUnknown, fitImpossible, quoted, transformInvalid } from './transforms.errors.js';
import { isMissing, kindOf } from './typed-column.js';
import type { TypedColumn } from './typed-column.js';

/** Without a limit of its own, a column with more categories is taken for an identifier. */
const MAX_CATEGORIES = 1_000;
/** A longer text is no category. */
const MAX_CATEGORY_CHARACTERS = 256;

/** A step and its place in the recipe. */
export interface FittedStep {
  readonly step: Transform;
  readonly path: string;
}

/**
 * Fits the steps to the training rows, each to what the ones before it make of them. `rows.train` must be aliased `data`.
 * The same rows give the same fit. Throws `transform_invalid` when a step does not fit the columns, and `fit_impossible`
 * when the rows do not support it.
 */
export async function fitTransforms(
  rows: FitRows,
  columns: readonly TypedColumn[],
  steps: readonly FittedStep[],
): Promise<Preprocessing> {
  const raw = columns.map(({ name, type }) => ({ name, content: contentOf(type) }));
  const types = new Map(columns.map(({ name, type }) => [name, type]));
  const fitted: PreprocessingStep[] = [];
  let prepared = rawColumns(raw);
  for (const { step, path } of steps) {
    const made = await new Fit(rows, prepared, types).fit(step, path);
    for (const each of made) {
      assertNoClash(prepared, each, path);
      prepared = applyStep(prepared, each);
    }
    fitted.push(...made);
  }
  return { columns: raw, steps: fitted };
}

/** Fits one step of a recipe to columns as they are at that step. */
class Fit {
  constructor(
    private readonly rows: FitRows,
    private readonly columns: readonly PreparedColumn[],
    private readonly types: ReadonlyMap<string, string>,
  ) {}

  fit(step: Transform, path: string): Promise<PreprocessingStep[]> {
    if ('standardize' in step)
      return this.standardize(step.standardize.columns, `${path}.standardize.columns`);
    if ('oneHot' in step) return this.oneHot(step.oneHot, `${path}.oneHot.columns`);
    if ('fill' in step) return this.fill(step.fill, `${path}.fill`);
    throw new Error(`${path} is not fitted`);
  }

  private async standardize(names: readonly string[], path: string): Promise<PreprocessingStep[]> {
    assertDistinct(names, path);
    const columns = names.map((name, index) => this.number(name, `${path}.${index}`));
    const scales = await scalesOf(
      this.rows,
      columns.map((column) => this.valueOf(column)),
    );
    return columns.map(({ name }, index) => ({
      op: 'standardize',
      column: name,
      mean: scales[index]?.mean ?? 0,
      scale: scales[index]?.scale ?? 1,
    }));
  }

  private async oneHot(
    {
      columns: names,
      maxCategories,
    }: { readonly columns: readonly string[]; readonly maxCategories?: number | undefined },
    path: string,
  ): Promise<PreprocessingStep[]> {
    assertDistinct(names, path);
    const steps: PreprocessingStep[] = [];
    for (const [index, name] of names.entries()) {
      const column = this.find(name, `${path}.${index}`);
      if (column.content === 'other') {
        throw transformInvalid(
          `${path}.${index}`,
          `Column ${quoted(name)} has no categories: cast it to text first.`,
        );
      }
      const found = await categoriesOf(this.rows, this.valueOf(column), maxCategories ?? MAX_CATEGORIES + 1);
      const categories = found.map(({ category }) => category).sort(compare);
      assertCategories(name, categories, maxCategories ?? MAX_CATEGORIES);
      steps.push({ op: 'oneHot', column: name, categories });
    }
    return steps;
  }

  private async fill(
    values: Extract<Transform, { fill: unknown }>['fill'],
    path: string,
  ): Promise<PreprocessingStep[]> {
    const steps: PreprocessingStep[] = [];
    for (const [name, given] of Object.entries(values)) {
      steps.push({ op: 'fill', column: name, value: await this.filling(name, given, `${path}.${name}`) });
    }
    return steps;
  }

  private async filling(name: string, given: unknown, path: string): Promise<number | string> {
    if (given === 'mode') return this.mode(this.find(name, path), path);
    if (given !== 'mean' && given !== 'median') return this.constant(this.find(name, path), given, path);
    const values = [this.valueOf(this.number(name, path))];
    const [statistic = 0] = await (given === 'mean' ? meansOf : mediansOf)(this.rows, values);
    return statistic;
  }

  private async mode(column: PreparedColumn, path: string): Promise<number | string> {
    if (!['number', 'text', 'boolean'].includes(column.content)) {
      throw transformInvalid(
        path,
        `Column ${quoted(column.name)} cannot be filled with a statistic: cast it first.`,
      );
    }
    const [most] = await categoriesOf(this.rows, this.valueOf(column), 1);
    if (most) return most.category;
    throw fitImpossible(column.name, 'has no value in the training part, so nothing can be fitted to it.');
  }

  private constant(column: PreparedColumn, given: unknown, path: string): number | string {
    const value = typeof given === 'object' && given !== null && 'value' in given ? given.value : given;
    const type = { number: 'DOUBLE', text: 'VARCHAR', boolean: 'BOOLEAN', other: '' }[column.content];
    if (isScalar(value) && literalFor(type, value) !== undefined) {
      return typeof value === 'boolean' ? String(value) : value;
    }
    throw transformInvalid(
      path,
      `Column ${quoted(column.name)} cannot be filled with ${quoted(String(value))} here.`,
    );
  }

  private valueOf(column: PreparedColumn): FitValue {
    const isText = column.content !== 'number';
    const value = isText
      ? `CAST(${preparedValue(column, this.types)} AS VARCHAR)`
      : `CAST(${preparedValue(column, this.types)} AS DOUBLE)`;
    return { column: column.name, value, missing: isMissing(value, isText ? 'VARCHAR' : 'DOUBLE') };
  }

  private number(name: string, path: string): PreparedColumn {
    const column = this.find(name, path);
    if (column.content === 'number') return column;
    throw transformInvalid(path, `Column ${quoted(name)} does not hold numbers. Cast it, or leave it out.`);
  }

  private find(name: string, path: string): PreparedColumn {
    const column = this.columns.find((each) => each.name === name);
    if (column) return column;
    throw columnUnknown(
      path,
      name,
      this.columns.map((each) => each.name),
    );
  }
}

function isScalar(value: unknown): value is Scalar {
  return ['number', 'string', 'boolean'].includes(typeof value);
}

function contentOf(type: string): ColumnContent {
  const kind = kindOf(type);
  if (kind === 'integer' || kind === 'real') return 'number';
  return kind === 'text' || kind === 'boolean' ? kind : 'other';
}

function assertCategories(column: string, categories: readonly (number | string)[], limit: number): void {
  if (categories.length === 0)
    throw fitImpossible(column, 'has no value in the training part: it has no categories.');
  if (categories.length > limit) {
    throw fitImpossible(
      column,
      `has more than ${limit} categories in the training part, as identifiers have. Leave it out, or set maxCategories to keep the most frequent.`,
    );
  }
  const long = categories.find((category) => String(category).length > MAX_CATEGORY_CHARACTERS);
  if (long !== undefined) {
    throw fitImpossible(
      column,
      `has texts of more than ${MAX_CATEGORY_CHARACTERS} characters, which are no categories.`,
    );
  }
}

/** Numbers by size, texts by their UTF-8 bytes. */
function compare(a: number | string, b: number | string): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return Buffer.compare(Buffer.from(String(a)), Buffer.from(String(b)));
}

function assertDistinct(names: readonly string[], path: string): void {
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated !== undefined)
    throw transformInvalid(path, `This step names column ${quoted(repeated)} twice.`);
}

/** Columns made of categories must not be called like others. */
function assertNoClash(columns: readonly PreparedColumn[], step: PreprocessingStep, path: string): void {
  if (step.op !== 'oneHot') return;
  const taken = new Set(
    columns.filter(({ name }) => name !== step.column).map(({ name }) => name.toLowerCase()),
  );
  for (const category of step.categories) {
    const name = oneHotName(step.column, category);
    if (taken.has(name.toLowerCase())) {
      throw transformInvalid(
        path,
        `One-hot encoding makes a second column ${quoted(name)}: rename one before.`,
      );
    }
    taken.add(name.toLowerCase());
  }
}
