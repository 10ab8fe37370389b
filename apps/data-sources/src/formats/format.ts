import type { DuckDBConnection } from '@duckdb/node-api';
import type { FetchedFile } from '../connectors/connector.js';
import type { Recipe } from '../recipes/recipe.js';
import type { ColumnKind, TensorType } from '../tables/table.js';

/** As a recipe names it. */
export type FormatName = Exclude<NonNullable<Recipe['format']>, 'auto'>;

/** What a format works with. */
export interface FormatInput {
  /** At least one. */
  readonly files: readonly FetchedFile[];
  readonly recipe: Recipe;
  /** For files of its own; the database sees it and nothing else, and it is gone afterwards. */
  readonly folder: string;
  readonly connection: DuckDBConnection;
  /** Aborts when the sync is to stop; queries under way are interrupted by then. */
  readonly signal: AbortSignal;
}

/** A column of a table that is on its way. */
export interface TableColumn {
  readonly name: string;
  readonly kind: ColumnKind;
  readonly tensor?: TensorType;
}

/** A table as the database of the import can read it. Nothing is materialised by that: it may be read once or often. */
export interface TableSource {
  readonly kind: 'table' | 'images' | 'tensors';
  /** A SELECT of exactly `columns`, in their order, rows in the order of the files. Names and texts in it are quoted. */
  readonly query: string;
  readonly columns: readonly TableColumn[];
  /** Rows that the query must give, counted by another reader; null when nobody else has counted. */
  readonly rowCount: number | null;
  /** Rows left out because every value was missing. */
  readonly droppedRowCount: number;
  /**
   * Whether the query gives all rows of files that have as many rows as a row group of the snapshot each, see
   * `writeRowGroups`. It does no longer once rows are filtered out.
   */
  readonly isInRowGroups?: boolean;
}

/** The way to read one kind of file: makes one table of what was fetched. */
export interface Format {
  readonly name: FormatName;
  /** Whether the files look like it, by their content first and their names second. Reads little of them. */
  detects(files: readonly FetchedFile[]): Promise<boolean>;
  /** Makes a table. Throws a DomainError, which says where and what to do, for what is not clean data. */
  toTable(input: FormatInput): Promise<TableSource>;
}
