import { fetchTooLarge } from '../connectors.errors.js';
import { quoteText } from '../../tables/sql.js';
import { storedAs } from './column-codecs.js';
import type { Codec } from './column-codecs.js';
import { queryTooManyRows } from './postgres.errors.js';

/** What a spool may hold. */
export interface SpoolLimits {
  readonly maxRows: number;
  readonly maxBytes: number;
}

/** One column: its name and how its values are kept. */
export interface SpoolColumn {
  readonly name: string;
  readonly codec: Codec;
}

/** DuckDB wants to know the longest line; this many bytes are enough for most. */
const MINIMUM_LINE_BYTES = 2_000_000;

/**
 * Turns rows of the server into lines of CSV, which keep apart what is missing (`\N`) and what is empty (`""`), and
 * knows the query that makes a table of those lines.
 */
export class RowSpool {
  private readonly misfits = new Set<number>();
  private rows = 0;
  private bytes = 0;
  private longestLineBytes = 0;

  constructor(
    readonly columns: readonly SpoolColumn[],
    private readonly limits: SpoolLimits,
  ) {}

  get rowCount(): number {
    return this.rows;
  }

  /** A row as a line. Throws `query_too_many_rows` or `fetch_too_large`. */
  line(row: readonly (string | null)[]): string {
    let line = '';
    for (let index = 0; index < row.length; index++) {
      line += index === 0 ? this.field(row[index], index) : `,${this.field(row[index], index)}`;
    }
    line += '\n';
    this.count(Buffer.byteLength(line));
    return line;
  }

  /** Reads the lines at the path as a table of the stored types. */
  tableQuery(path: string): string {
    const maxLineBytes = Math.max(MINIMUM_LINE_BYTES, this.longestLineBytes + 1);
    const texts = this.columns.map((_, index) => `'c${index}': 'VARCHAR'`).join(', ');
    const values = this.columns.map(({ name, codec }, index) => {
      const column = `c${index}`;
      return storedAs(name, this.misfits.has(index) ? codec.storedOtherwise(column) : codec.stored(column));
    });
    return `SELECT ${values.join(', ')} FROM read_csv(${quoteText(path)}, auto_detect = false, header = false,
      delim = ',', quote = '"', escape = '"', new_line = '\\n', nullstr = '\\N', allow_quoted_nulls = false, comment = '',
      parallel = false, max_line_size = ${maxLineBytes}, buffer_size = ${maxLineBytes * 4}, columns = {${texts}})`;
  }

  private field(value: string | null | undefined, index: number): string {
    if (value === null || value === undefined) return '\\N';
    const { codec } = this.columns[index] as SpoolColumn;
    if (!codec.fits(value)) this.misfits.add(index);
    const text = codec.encode(value);
    return text.includes('"') ? `"${text.replaceAll('"', '""')}"` : `"${text}"`;
  }

  private count(lineBytes: number): void {
    this.rows++;
    this.bytes += lineBytes;
    this.longestLineBytes = Math.max(this.longestLineBytes, lineBytes);
    if (this.rows > this.limits.maxRows) throw queryTooManyRows(this.limits.maxRows);
    if (this.bytes > this.limits.maxBytes) throw fetchTooLarge(this.limits.maxBytes);
  }
}
