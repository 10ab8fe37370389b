import { CARRIAGE_RETURN, DOT, LINE_FEED, MINUS, NINE, PLUS, SPACE, TAB, ZERO } from './csv-bytes.js';
import { MAX_COLUMNS } from '../../tables/csv-header.js';
import * as refuse from '../../tables/tables.errors.js';
import { SEEN } from '../../tables/seen.js';
import { endOfDigits, isMissing, kindOfInteger, kindOfValue, LONGEST_SURE_DOUBLE } from './value-kinds.js';

/** How the text of a file is to be read. */
export interface CsvDialect {
  /** One byte each. */
  readonly separator: number;
  readonly quote: number;
  /** Whether the first row names the columns. */
  readonly hasHeader: boolean;
}

/** What a byte may mean, as bits. */
const STOP = 1;
const QUOTE = 2;
const BLANK = 4;
const NEW_LINE = 8;
const DIGIT = 16;

/**
 * Reads the values of rows, one after the other, and notes of each column what its values look like. The caller sets the
 * text and says where values begin.
 */
export class ValueScanner {
  /** Of each column the bits of SEEN of all of its values. */
  readonly seen = new Uint16Array(MAX_COLUMNS + 1);
  /** How missing values are written, the empty one aside. */
  readonly markers = new Set<string>();
  /** Of the row being read: its line, the line feeds inside its quotes, whether it is not canonical, and has a value. */
  line = 1;
  innerLines = 0;
  isChanged = false;
  hasValue = false;
  /** Where the value ends that was read last, without the blanks behind it. */
  valueEnd = 0;

  private readonly classes = new Uint8Array(256);
  private bytes: Buffer = Buffer.alloc(0);
  private end = 0;
  private isLast = false;

  constructor(private readonly dialect: CsvDialect) {
    this.classes.fill(DIGIT, ZERO, NINE + 1);
    for (const byte of [dialect.separator, CARRIAGE_RETURN]) this.classes[byte] = STOP;
    for (const byte of [SPACE, TAB]) if (byte !== dialect.separator) this.classes[byte] = BLANK;
    this.classes[dialect.quote] = QUOTE;
    this.classes[LINE_FEED] = STOP | NEW_LINE;
  }

  /** The text from now on: up to `end`, where a line feed must stand, so that no search has to look for the end. */
  use(bytes: Buffer, end: number, isLast: boolean): void {
    this.bytes = bytes;
    this.end = end;
    this.isLast = isLast;
  }

  startRow(): void {
    this.innerLines = 0;
    this.isChanged = false;
    this.hasValue = false;
  }

  /** Forgets what was noted: the row was the header. */
  forget(): void {
    this.seen.fill(0);
    this.markers.clear();
  }

  /** Where the value begins that `start` is at or before: behind the blanks. */
  startOf(start: number): number {
    let at = start;
    while (this.is(at, BLANK)) at++;
    return at;
  }

  /**
   * Reads the value of a column and returns where it stops: at a separator or the end of its line, or -1 when a quote is
   * still open at the end of the text. Throws at a quote in the wrong place, or when the file ends inside quotes.
   */
  read(start: number, column: number): number {
    const kind = this.classes[this.bytes[start] ?? 0];
    // Most values begin with a digit or a letter.
    if (kind === DIGIT) return this.readNumber(start, start, column);
    if (kind === 0) return this.readOther(start, column);
    if (kind === BLANK) {
      this.isChanged = true;
      return this.read(this.startOf(start), column);
    }
    return kind === QUOTE ? this.readQuoted(start, column) : this.readPlain(start, start, column);
  }

  private readOther(start: number, column: number): number {
    const first = this.bytes[start];
    const isSigned = first === MINUS || first === PLUS;
    if (isSigned && this.is(start + 1, DIGIT)) return this.readNumber(start, start + 1, column);
    return this.readPlain(start, start, column);
  }

  /** The two commonest forms of numbers are read in one go; whatever else it turns out to be starts at `start`. */
  private readNumber(start: number, digits: number, column: number): number {
    const { bytes } = this;
    let at = endOfDigits(bytes, digits);
    let kind: number = kindOfInteger(at - digits);
    if (bytes[at] === DOT && this.is(at + 1, DIGIT) && !this.is(at, STOP)) {
      at = endOfDigits(bytes, at + 1);
      kind = at - start <= LONGEST_SURE_DOUBLE ? SEEN.double : SEEN.unsure;
    }
    if (!this.is(at, STOP)) return this.readPlain(start, at, column);
    this.valueEnd = at;
    this.note(column, kind);
    return at;
  }

  /** A value without quotes, of which everything before `from` has been looked at. */
  private readPlain(start: number, from: number, column: number): number {
    const at = this.find(from, STOP | QUOTE);
    if (this.is(at, QUOTE)) throw this.misplacedQuote(column);
    let end = at;
    while (end > start && this.is(end - 1, BLANK)) end--;
    if (end < at) this.isChanged = true;
    if (end > start) this.noteValue(start, end, column);
    this.valueEnd = end;
    return at;
  }

  private readQuoted(start: number, column: number): number {
    const openedOn = this.line + this.innerLines;
    const { bytes, dialect } = this;
    let at = start + 1;
    let isDoubled = false;
    for (;;) {
      at = this.find(at, QUOTE | NEW_LINE);
      if (at >= this.end) return this.endInQuotes(openedOn);
      if (bytes[at] === LINE_FEED) this.innerLines++;
      else if (bytes[at + 1] !== dialect.quote || at + 1 >= this.end) break;
      else {
        isDoubled = true;
        at++;
      }
      at++;
    }
    if (isDoubled) this.note(column, SEEN.text);
    else if (at > start + 1) this.noteValue(start + 1, at, column);
    return this.closeQuoted(at + 1, column);
  }

  private closeQuoted(start: number, column: number): number {
    const at = this.startOf(start);
    if (at > start) this.isChanged = true;
    if (!this.is(at, STOP)) throw this.misplacedQuote(column);
    this.valueEnd = start;
    return at;
  }

  private endInQuotes(openedOn: number): number {
    if (this.isLast) throw refuse.csvCutQuote(openedOn);
    return -1;
  }

  private misplacedQuote(column: number): Error {
    return refuse.csvQuote(this.line + this.innerLines, column + 1);
  }

  private noteValue(start: number, end: number, column: number): void {
    const { bytes, seen } = this;
    if (isMissing(bytes, start, end)) this.markers.add(bytes.toString('latin1', start, end));
    // A column that holds text stays text, whatever else it holds.
    else this.note(column, ((seen[column] ?? 0) & SEEN.text) === 0 ? kindOfValue(bytes, start, end) : 0);
  }

  private note(column: number, kind: number): void {
    this.seen[column] = (this.seen[column] ?? 0) | kind;
    this.hasValue = true;
  }

  /** Where the first byte from `from` is that is one of `kinds`. */
  private find(from: number, kinds: number): number {
    const { bytes, classes } = this;
    let at = from;
    while (((classes[bytes[at] ?? 0] ?? 0) & kinds) === 0) at++;
    return at;
  }

  private is(at: number, kinds: number): boolean {
    return ((this.classes[this.bytes[at] ?? 0] ?? 0) & kinds) !== 0;
  }
}
