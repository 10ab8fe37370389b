import { quoteText } from './sql.js';

/** A canonical CSV file (see CsvScanner) as a DuckDB table function with the text columns c0, c1, … */
export function csvSource(path: string, separator: string, columnCount: number): string {
  const columns = Array.from({ length: columnCount }, (_, index) => `'c${index}': 'VARCHAR'`);
  return `read_csv(${quoteText(path)}, auto_detect = false, header = false, delim = ${quoteText(separator)},
    quote = '"', escape = '"', new_line = '\\n', nullstr = '', comment = '',
    max_line_size = 2000000, buffer_size = 8000000, columns = {${columns.join(', ')}})`;
}
