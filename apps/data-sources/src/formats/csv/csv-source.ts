import { quoteText } from '../../tables/sql.js';
import type { CsvDialect } from './value-scanner.js';

/** The canonical rows of a file (see RowScanner). */
export interface CanonicalRows {
  /** In order. */
  readonly paths: readonly string[];
  readonly dialect: CsvDialect;
}

/**
 * Canonical rows as a DuckDB table function with the columns c0, c1, … of these types; `nullTexts` are missing values in
 * all columns, besides the empty text.
 */
export function csvSource(
  { paths, dialect }: CanonicalRows,
  types: readonly string[],
  nullTexts: readonly string[],
): string {
  const files = paths.map(quoteText).join(', ');
  const columns = types.map((type, index) => `'c${index}': '${type}'`).join(', ');
  const nulls = ['', ...nullTexts].map(quoteText).join(', ');
  const quote = quoteText(String.fromCharCode(dialect.quote));
  // Without "parallel" a file is read by one thread, as one batch; several files are still read at the same time.
  return `read_csv([${files}], parallel = false, auto_detect = false, header = false, new_line = '\\n', comment = '', hive_partitioning = false,
    delim = ${quoteText(String.fromCharCode(dialect.separator))}, quote = ${quote}, escape = ${quote}, nullstr = [${nulls}],
    max_line_size = 2000000, buffer_size = 8000000, columns = {${columns}})`;
}
