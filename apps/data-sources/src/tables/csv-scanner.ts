import { checkHeader } from './csv-header.js';
import { CsvRow, MAX_ROW_BYTES } from './csv-row.js';
import * as refuse from './tables.errors.js';

const QUOTE = '"'.charCodeAt(0);
const SPACE = 32;
const TAB = 9;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** `quote-seen`: the quote before this byte closed the value, or is the first of a doubled one. */
type State = 'field-start' | 'plain' | 'quoted' | 'quote-seen' | 'closed';

/**
 * Reads RFC 4180 CSV byte by byte, strictly, and writes it canonically: no header, line feeds, no blank lines, values
 * trimmed outside quotes, missing values empty, rows without any value left out. Chunks may end anywhere. Every
 * refusal is a DomainError that names the line.
 */
export class CsvScanner {
  /** Column names, once the first line has been read. */
  header: readonly string[] | undefined;
  /** Rows written. */
  rowCount = 0;
  /** Rows left out because every value was missing. */
  droppedRowCount = 0;

  private readonly row = new CsvRow();
  private readonly names: string[] = [];
  private state: State = 'field-start';
  private line = 1;
  private rowLine = 1;
  private quoteLine = 1;
  private isAfterReturn = false;
  /** A row with too few values: ragged when another follows, the cut end of the file when none does. */
  private short: { readonly line: number; readonly count: number } | undefined;
  private output: Buffer[] = [];

  constructor(private readonly separator: number) {}

  /** Reads a chunk and returns the canonical rows that ended in it. */
  write(chunk: Uint8Array): Buffer {
    for (const byte of chunk) this.read(byte);
    const rows = Buffer.concat(this.output);
    this.output = [];
    return rows;
  }

  /** Reads the end of the file and returns the last row, if any. Throws when there is no header or no row. */
  end(): Buffer {
    if (this.state === 'quoted') throw refuse.csvCutQuote(this.quoteLine);
    this.endRow();
    if (this.header === undefined) throw refuse.csvEmpty();
    if (this.short) throw refuse.csvCutRow(this.short.line, this.short.count, this.header.length);
    if (this.rowCount === 0) throw refuse.csvNoRows(this.droppedRowCount);
    return Buffer.concat(this.output);
  }

  private read(byte: number): void {
    const isSecondHalf = byte === LINE_FEED && this.isAfterReturn;
    this.isAfterReturn = byte === CARRIAGE_RETURN && this.state !== 'quoted';
    if (isSecondHalf) return;
    if (this.row.isFull) throw refuse.csvRowTooLong(this.rowLine, MAX_ROW_BYTES);
    if (this.state === 'quoted') this.readQuoted(byte);
    else if (byte === this.separator) this.endField(true);
    else if (byte === LINE_FEED || byte === CARRIAGE_RETURN) this.endLine();
    else this.readOutside(byte);
  }

  private readQuoted(byte: number): void {
    if (byte === LINE_FEED) this.line++;
    if (byte === QUOTE) this.state = 'quote-seen';
    this.row.push(byte);
  }

  private readOutside(byte: number): void {
    const isBlank = byte === SPACE || byte === TAB;
    if (isBlank && this.state !== 'plain') {
      if (this.state === 'quote-seen') this.state = 'closed';
      return;
    }
    if (byte === QUOTE) this.readQuote();
    else this.readPlain();
    this.row.push(byte);
  }

  private readPlain(): void {
    const isClosed = this.state === 'quote-seen' || this.state === 'closed';
    if (isClosed) throw refuse.csvQuote(this.line, this.row.fieldCount + 1);
    this.state = 'plain';
  }

  private readQuote(): void {
    const isMisplaced = this.state === 'plain' || this.state === 'closed';
    if (isMisplaced) throw refuse.csvQuote(this.line, this.row.fieldCount + 1);
    if (this.state === 'field-start') this.quoteLine = this.line;
    this.state = 'quoted';
  }

  private endField(isFollowed: boolean): void {
    if (this.header === undefined) this.names.push(this.row.endName());
    else this.row.endField();
    if (isFollowed) this.row.separate(this.separator);
    this.state = 'field-start';
  }

  private endLine(): void {
    this.endRow();
    this.line++;
    this.rowLine = this.line;
  }

  private endRow(): void {
    const isBlankLine = this.row.fieldCount === 0 && !this.row.isInField;
    if (isBlankLine) return;
    this.endField(false);
    if (this.header === undefined) this.takeHeader();
    else this.takeRow(this.header.length);
    this.row.reset();
  }

  private takeHeader(): void {
    checkHeader(this.names);
    this.header = this.names;
  }

  private takeRow(columnCount: number): void {
    if (this.short) throw refuse.csvRagged(this.short.line, this.short.count, columnCount);
    const count = this.row.fieldCount;
    if (count > columnCount) throw refuse.csvRagged(this.rowLine, count, columnCount);
    if (count < columnCount) {
      this.short = { line: this.rowLine, count };
    } else if (this.row.hasValue) {
      this.rowCount++;
      // A copy: the row's bytes are used again.
      this.output.push(Buffer.from(this.row.line()));
    } else {
      this.droppedRowCount++;
    }
  }
}
