import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError } from '@aimass/platform-errors';
import type { FetchedFile } from '../../connectors/connector.js';
import type { Recipe } from '../../recipes/recipe.js';
import { writeParquet } from '../../tables/parquet.js';
import { quoteName, quoteText } from '../../tables/sql.js';
import type { ColumnKind } from '../../tables/table.js';
import type { FormatInput, TableColumn, TableSource } from '../format.js';
import { csvFilesDiffer } from './csv.errors.js';

type ReadOne = (input: FormatInput) => Promise<TableSource>;
type Override = NonNullable<Recipe['columns']>[number];

/** One file, read and written as Parquet. */
interface Part {
  readonly path: string;
  readonly columns: readonly TableColumn[];
  readonly rowCount: number | null;
  readonly droppedRowCount: number;
}

/**
 * Makes one table of several files with the same columns, in the order of the files. A column gets one type by the values
 * of all files: where they differ, whole numbers become doubles and everything else the text that stands in the files.
 * Throws `csv_files_differ`, and what a file is refused for with its name.
 */
export async function readFiles(input: FormatInput, readOne: ReadOne): Promise<TableSource> {
  const parts: Part[] = [];
  for (const index of input.files.keys()) parts.push(await readPart(input, index, readOne));
  const [first] = parts;
  if (!first) throw new Error('there is no file to read');
  const columns = first.columns.map(({ name }) => ({ name, kind: commonKind(name, parts) }));
  for (const [index, part] of parts.entries()) {
    const overrides = columns.filter(({ name, kind }) => kindIn(part, name) !== kind).map(overrideOf);
    if (overrides.length === 0) continue;
    const recipe = withOverrides(input.recipe, overrides);
    parts[index] = await readPart({ ...input, recipe }, index, readOne);
  }
  return tableOf(parts, columns);
}

function tableOf(parts: readonly Part[], columns: readonly TableColumn[]): TableSource {
  const names = columns.map(({ name }) => quoteName(name)).join(', ');
  const paths = parts.map(({ path }) => quoteText(path)).join(', ');
  let rowCount: number | null = 0;
  for (const part of parts) rowCount = sum(rowCount, part.rowCount);
  return {
    kind: 'table',
    query: `SELECT ${names} FROM read_parquet([${paths}], hive_partitioning = false)`,
    columns,
    rowCount,
    droppedRowCount: parts.reduce((count, part) => count + part.droppedRowCount, 0),
  };
}

async function readPart(input: FormatInput, index: number, readOne: ReadOne): Promise<Part> {
  const { files, connection, signal } = input;
  const file = files[index] as FetchedFile;
  const folder = join(input.folder, `csv-${index}`);
  const path = join(input.folder, `csv-${index}.parquet`);
  signal.throwIfAborted();
  await mkdir(folder);
  try {
    const { query, columns, rowCount, droppedRowCount } = await readOne({ ...input, files: [file], folder });
    const names = columns.map(({ name }) => name);
    // All parts in the order of the first one: it is by position that they are put together.
    const ordered = [...names].sort().map(quoteName).join(', ');
    await rm(path, { force: true });
    await writeParquet(connection, `SELECT ${ordered} FROM (${query})`, names.length, path);
    return { path, columns, rowCount, droppedRowCount };
  } catch (error) {
    throw error instanceof DomainError ? named(error, file.name) : error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function named({ kind, code, message, options }: DomainError, file: string): DomainError {
  return new DomainError(kind, code, `${file}: ${message}`, options);
}

function commonKind(name: string, parts: readonly Part[]): ColumnKind {
  const [first] = parts;
  const kinds = new Set(parts.map((part) => kindIn(part, name)));
  const columnCount = first?.columns.length ?? 0;
  if (kinds.has(undefined) || parts.some(({ columns }) => columns.length !== columnCount)) {
    throw csvFilesDiffer(name);
  }
  const [kind = 'VARCHAR'] = kinds;
  if (kinds.size === 1) return kind;
  return [...kinds].every((each) => each === 'BIGINT' || each === 'DOUBLE') ? 'DOUBLE' : 'VARCHAR';
}

function kindIn({ columns }: Part, wanted: string): ColumnKind | undefined {
  return columns.find(({ name }) => name === wanted)?.kind;
}

function overrideOf({ name, kind }: TableColumn): Override {
  return { name, type: kind === 'DOUBLE' ? 'double' : 'text' };
}

/** What the recipe says is missing stays so. Had it named a type, all files would have that. */
function withOverrides(recipe: Recipe, overrides: readonly Override[]): Recipe {
  const given = new Map((recipe.columns ?? []).map((column) => [column.name, column]));
  for (const override of overrides) {
    const nullValues = given.get(override.name)?.nullValues;
    given.set(override.name, { ...override, ...(nullValues && { nullValues }) });
  }
  return { ...recipe, columns: [...given.values()] };
}

function sum(one: number | null, other: number | null): number | null {
  return one === null || other === null ? null : one + other;
}
