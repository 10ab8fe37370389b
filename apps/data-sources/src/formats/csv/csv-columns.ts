import type { DuckDBConnection } from '@duckdb/node-api';
import type { RecipeColumnType } from '@aimass/contracts';
import type { Recipe } from '../../recipes/recipe.js';
import { inferKinds, kindOf, typedValue } from '../../tables/column-kinds.js';
import { SEEN } from '../../tables/seen.js';
import { quoteText } from '../../tables/sql.js';
import type { ColumnKind } from '../../tables/table.js';
import { csvColumnUnknown } from './csv.errors.js';
import type { CsvRows } from './csv-reader.js';
import { csvSource } from './csv-source.js';
import type { CanonicalRows } from './csv-source.js';
import { isPlainForm, plainNumber } from './number-form.js';
import type { NumberForm } from './number-form.js';
import { checkFormats, overriddenValue } from './overridden-value.js';

type Override = NonNullable<Recipe['columns']>[number];

/** How a column of the file becomes a column of the table. */
export interface CsvColumn {
  readonly name: string;
  readonly kind: ColumnKind;
  /** The type that DuckDB reads it as. */
  readonly readAs: ColumnKind;
  /** SQL over the text columns of the file, or over the column as it is read. */
  readonly value: string;
  /** SQL of the text, where the recipe wants a type that not every value may have. */
  readonly doubtful?: { readonly text: string; readonly wanted: string };
}

/** The columns, and the texts that mean a missing value in all of them. */
export interface CsvColumns {
  readonly columns: readonly CsvColumn[];
  readonly nullTexts: readonly string[];
}

const STORED_TYPES: Readonly<Record<RecipeColumnType, ColumnKind>> = {
  integer: 'BIGINT',
  double: 'DOUBLE',
  boolean: 'BOOLEAN',
  date: 'DATE',
  timestamp: 'TIMESTAMP',
  text: 'VARCHAR',
};
/** What DuckDB's reader reads exactly as we do, by what the scanner has seen. */
const READABLE: Readonly<Partial<Record<ColumnKind, number>>> = {
  BIGINT: SEEN.integer,
  DOUBLE: SEEN.integer | SEEN.double | SEEN.infinite,
  BOOLEAN: SEEN.boolean,
  DATE: SEEN.date,
  TIMESTAMP: SEEN.date | SEEN.timestamp,
};

/** Decides the type of every column: by the recipe, else by all of its values. */
export async function planColumns(
  connection: DuckDBConnection,
  rows: CsvRows & CanonicalRows,
  recipe: Recipe,
): Promise<CsvColumns> {
  await checkFormats(connection, recipe.columns ?? []);
  const overrides = overridesOf(rows.names, recipe.columns ?? []);
  const form = { decimal: recipe.csv?.decimal ?? '.', thousands: recipe.csv?.thousands } as const;
  // A text that is missing in one column may be a value in another: then each column looks for itself.
  const isShared = ![...overrides.values()].some(({ nullValues }) => nullValues !== undefined);
  const drafts = rows.names.map((name, index) =>
    draftOf(name, {
      index,
      seen: rows.seen[index] ?? 0,
      form,
      isShared,
      markers: rows.markers,
      override: overrides.get(name),
    }),
  );
  const nullTexts = isShared ? rows.markers : [];
  const kinds = await askDuckDb(
    connection,
    csvSource(
      rows,
      rows.names.map(() => 'VARCHAR'),
      nullTexts,
    ),
    drafts,
  );
  return { nullTexts, columns: drafts.map((draft, index) => columnOf(draft, kinds[index])) };
}

interface Draft {
  readonly name: string;
  readonly index: number;
  readonly override: Override | undefined;
  readonly seen: number;
  /** Whether the text of the file is what its values are made of, and what was seen of it holds. */
  readonly isPlain: boolean;
  /** SQL of the text with missing values NULL. */
  readonly raw: string;
  /** SQL of the text with its numbers in the plain form, too. */
  readonly text: string;
}

interface DraftInput {
  readonly index: number;
  readonly seen: number;
  readonly form: NumberForm;
  readonly isShared: boolean;
  readonly markers: readonly string[];
  readonly override: Override | undefined;
}

function draftOf(name: string, { index, seen, form, isShared, markers, override }: DraftInput): Draft {
  const nulls = isShared ? [] : (override?.nullValues ?? markers);
  const isRaw = nulls.length === 0;
  const raw = isRaw
    ? `c${index}`
    : `CASE WHEN c${index} IN (${nulls.map(quoteText).join(', ')}) THEN NULL ELSE c${index} END`;
  const text = isPlainForm(form) ? raw : plainNumber(raw, form);
  // What is missing by the general markers only, the scanner has not looked at.
  const isPlain = isShared && isPlainForm(form) && (seen & SEEN.unsure) === 0;
  return { name, index, override, seen, isPlain, raw, text };
}

/** The kinds of the columns that the scanner could not tell. */
async function askDuckDb(
  connection: DuckDBConnection,
  source: string,
  drafts: readonly Draft[],
): Promise<readonly (ColumnKind | undefined)[]> {
  const asked = drafts.filter(({ isPlain, override }) => !isPlain && !override?.type && !override?.format);
  const kinds = await inferKinds(
    connection,
    source,
    asked.map(({ text }) => text),
  );
  const found = new Map(asked.map(({ index }, at) => [index, kinds[at]]));
  return drafts.map(({ index }) => found.get(index));
}

function columnOf(draft: Draft, asked: ColumnKind | undefined): CsvColumn {
  const { name, override, seen, index, raw, text } = draft;
  const kind = override?.type ? STORED_TYPES[override.type] : (asked ?? kindOf(seen));
  if (override?.format === undefined) {
    if (kind === 'VARCHAR') return { name, kind, readAs: kind, value: raw };
    if (isReadable(draft, kind)) return { name, kind, readAs: kind, value: `c${index}` };
    if (!override?.type) return { name, kind, readAs: 'VARCHAR', value: typedValue(text, kind) };
  }
  const { wanted, ...typed } = overriddenValue(text, override, kind);
  return { name, readAs: 'VARCHAR', ...typed, doubtful: { text, wanted } };
}

/** Whether DuckDB's reader may make the values of the text. */
function isReadable({ isPlain, seen }: Draft, kind: ColumnKind): boolean {
  return isPlain && (seen & ~(READABLE[kind] ?? 0)) === 0;
}

function overridesOf(
  names: readonly string[],
  overrides: readonly Override[],
): ReadonlyMap<string, Override> {
  const known = new Set(names);
  const unknown = overrides.find(({ name }) => !known.has(name));
  if (unknown) throw csvColumnUnknown(unknown.name);
  return new Map(overrides.map((override) => [override.name, override]));
}
