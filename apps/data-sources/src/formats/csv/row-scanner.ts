import { CARRIAGE_RETURN, LINE_FEED } from './csv-bytes.js';
import { checkHeader } from '../../tables/csv-header.js';
import * as refuse from '../../tables/tables.errors.js';
import type { CsvDialect, ValueScanner } from './value-scanner.js';

/** DuckDB reads no longer line. */
export const MAX_ROW_BYTES = 1_000_000;

/** Takes canonical rows. */
export interface RowSink {
  /** How many more rows belong to the group of rows under way; `lines` never takes more. */
  readonly rowsLeft: number;
  /** Comes before any row. */
  start(columnCount: number): void;
  /** Takes whole lines as they are, `count` of them. */
  lines(bytes: Buffer, start: number, end: number, count: number): void;
  /** Takes one value of a row, and what follows it: a separator or a line feed. */
  value(bytes: Buffer, start: number, end: number, followedBy: number): void;
}

/**
 * Reads RFC 4180 CSV strictly, row by row, and gives it on canonically: no header, line feeds, no blank lines, values
 * trimmed outside quotes, rows without any value left out. Rows that are canonical already, which is most of them, are
 * given on as they lie. Every refusal is a DomainError that names the line.
 */
export class RowScanner {
  /** Column names, once the first row has been read. */
  header: readonly string[] | undefined;
  /** Rows given on. */
  rowCount = 0;
  /** Rows left out because every value was missing. */
  droppedRowCount = 0;

  private bytes: Buffer = Buffer.alloc(0);
  private end = 0;
  private fieldCount = 0;
  private isAfterReturn = false;
  /** Rows from here up to the current one are to be given on as they lie. */
  private keptFrom = 0;
  private keptRows = 0;
  /** A row with too few values: ragged when another follows, the cut end of the file when none does. */
  private short: { readonly line: number; readonly count: number } | undefined;

  constructor(
    private readonly dialect: CsvDialect,
    private readonly values: ValueScanner,
    private readonly sink: RowSink,
  ) {}

  /**
   * Reads the rows from `start` up to `end` and returns where the first one starts that is not whole. The byte at `end` is
   * overwritten. `isLast` says that the file ends there; else a line must.
   */
  scan(bytes: Buffer, start: number, end: number, isLast: boolean): number {
    this.bytes = bytes;
    this.end = end;
    bytes[end] = LINE_FEED;
    this.values.use(bytes, end, isLast);
    const isSecondHalf = this.isAfterReturn && start < end && bytes[start] === LINE_FEED;
    let at = isSecondHalf ? start + 1 : start;
    this.isAfterReturn = false;
    this.keptFrom = at;
    while (at < end) {
      const next = this.readRow(at);
      if (next < 0) break;
      at = next;
    }
    this.giveKept(at, at);
    return at;
  }

  /** Says that there are no more rows. Throws when there was no header or no row. */
  finish(): void {
    if (this.header === undefined) throw refuse.csvEmpty();
    if (this.short) throw refuse.csvCutRow(this.short.line, this.short.count, this.header.length);
    if (this.rowCount === 0) throw refuse.csvNoRows(this.droppedRowCount);
  }

  /** Where the row after this one starts; -1 when this one is not whole. */
  private readRow(start: number): number {
    const { values } = this;
    values.startRow();
    const end = this.readValues(start);
    if (end - start > MAX_ROW_BYTES) throw refuse.csvRowTooLong(values.line, MAX_ROW_BYTES);
    if (end < 0) return -1;
    const next = this.afterLine(end);
    const isBlank = this.fieldCount === 1 && values.startOf(start) === end;
    if (isBlank) this.giveKept(start, next);
    else if (this.header === undefined) this.takeFirst(start, next);
    else this.takeRow(start, next);
    values.line += 1 + values.innerLines;
    return next;
  }

  /** Where the row's line ends; -1 when it is not whole. */
  private readValues(start: number): number {
    const { bytes, dialect, end, values } = this;
    let at = start;
    for (let column = 0; ; column++) {
      at = values.read(at, column);
      if (at < 0) return -1;
      if (bytes[at] !== dialect.separator || at >= end) {
        this.fieldCount = column + 1;
        return at;
      }
      at++;
    }
  }

  /** Where the next line starts: behind a line feed, a carriage return, or both. */
  private afterLine(end: number): number {
    if (this.bytes[end] !== CARRIAGE_RETURN) return Math.min(end + 1, this.end);
    this.values.isChanged = true;
    // The line feed may come with the next chunk.
    this.isAfterReturn = end + 1 >= this.end;
    return !this.isAfterReturn && this.bytes[end + 1] === LINE_FEED ? end + 2 : end + 1;
  }

  private takeFirst(start: number, next: number): void {
    if (this.dialect.hasHeader) {
      const names = this.namesFrom(start);
      checkHeader(names);
      this.header = names;
      this.values.forget();
      this.sink.start(names.length);
      this.giveKept(start, next);
    } else {
      this.header = Array.from({ length: this.fieldCount }, (_, index) => `column_${index + 1}`);
      checkHeader(this.header);
      this.sink.start(this.fieldCount);
      this.takeRow(start, next);
    }
  }

  private takeRow(start: number, next: number): void {
    const columnCount = this.header?.length ?? 0;
    if (this.short) throw refuse.csvRagged(this.short.line, this.short.count, columnCount);
    if (this.fieldCount > columnCount) throw refuse.csvRagged(this.values.line, this.fieldCount, columnCount);
    if (this.fieldCount < columnCount) this.short = { line: this.values.line, count: this.fieldCount };
    else if (this.values.hasValue) this.giveRow(start, next);
    else {
      this.droppedRowCount++;
      this.giveKept(start, next);
    }
  }

  private giveRow(start: number, next: number): void {
    this.rowCount++;
    const isWhole = next < this.end || this.bytes[next - 1] === LINE_FEED;
    if (!this.values.isChanged && isWhole) {
      this.keptRows++;
      if (this.keptRows === this.sink.rowsLeft) this.giveKept(next, next);
      return;
    }
    this.giveKept(start, next);
    for (const { from, to, isFinal } of this.fields(start)) {
      this.sink.value(this.bytes, from, to, isFinal ? LINE_FEED : this.dialect.separator);
    }
  }

  /** Gives on the rows kept so far, which end at `end`; what comes before `next` is dealt with. */
  private giveKept(end: number, next: number): void {
    if (this.keptRows > 0) this.sink.lines(this.bytes, this.keptFrom, end, this.keptRows);
    this.keptRows = 0;
    this.keptFrom = next;
  }

  private namesFrom(start: number): string[] {
    const quote = String.fromCharCode(this.dialect.quote);
    return [...this.fields(start)].map(({ from, to }) => {
      const text = this.bytes.toString('utf8', from, to);
      const inner = text.startsWith(quote) ? text.slice(1, -1).replaceAll(quote + quote, quote) : text;
      return inner.trim();
    });
  }

  /** The values of a row once more: where each lies without the blanks around it. */
  private *fields(start: number): Generator<{ from: number; to: number; isFinal: boolean }> {
    const { values, fieldCount } = this;
    const { innerLines } = values;
    let at = start;
    for (let column = 0; column < fieldCount; column++) {
      const from = values.startOf(at);
      at = values.read(at, column) + 1;
      yield { from, to: values.valueEnd, isFinal: column + 1 === fieldCount };
    }
    values.innerLines = innerLines;
  }
}
