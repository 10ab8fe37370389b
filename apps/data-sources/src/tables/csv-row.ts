/** DuckDB reads no longer line. */
export const MAX_ROW_BYTES = 1_000_000;

const MISSING = new Set(['', 'na', 'nan', 'null', 'n/a']);
const LONGEST_MISSING = 4;
const QUOTE = '"'.charCodeAt(0);
const SPACE = 32;
const TAB = 9;

/** The row being read, as its canonical bytes: values trimmed outside quotes, missing markers emptied. */
export class CsvRow {
  private readonly bytes = Buffer.allocUnsafe(MAX_ROW_BYTES + 1);
  private length = 0;
  private fieldStart = 0;
  /** Fields that have ended. */
  fieldCount = 0;
  /** Whether any of them has a value. */
  hasValue = false;

  get isFull(): boolean {
    return this.length >= MAX_ROW_BYTES;
  }

  get isInField(): boolean {
    return this.length > this.fieldStart;
  }

  push(byte: number): void {
    this.bytes[this.length++] = byte;
  }

  /** Ends a field of data. */
  endField(): void {
    this.trimEnd();
    if (this.isMissing()) this.length = this.fieldStart;
    if (this.length > this.fieldStart) this.hasValue = true;
    this.nextField();
  }

  /** Ends a field of the header and returns the name in it. */
  endName(): string {
    this.trimEnd();
    const text = this.bytes.toString('utf8', this.fieldStart, this.length);
    this.nextField();
    return (text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text).trim();
  }

  /** Starts the next field of the same row. */
  separate(separator: number): void {
    this.push(separator);
    this.fieldStart = this.length;
  }

  /** The row with a line feed; valid until the next push. */
  line(): Buffer {
    this.push(10);
    return this.bytes.subarray(0, this.length);
  }

  reset(): void {
    this.length = 0;
    this.fieldStart = 0;
    this.fieldCount = 0;
    this.hasValue = false;
  }

  private nextField(): void {
    this.fieldCount++;
    this.fieldStart = this.length;
  }

  private trimEnd(): void {
    // A quoted field ends with its quote, so nothing inside quotes is trimmed.
    while (this.length > this.fieldStart && isBlank(this.bytes[this.length - 1])) this.length--;
  }

  private isMissing(): boolean {
    const isQuoted = this.bytes[this.fieldStart] === QUOTE && this.length > this.fieldStart;
    const start = isQuoted ? this.fieldStart + 1 : this.fieldStart;
    const end = isQuoted ? this.length - 1 : this.length;
    return (
      end - start <= LONGEST_MISSING && MISSING.has(this.bytes.toString('latin1', start, end).toLowerCase())
    );
  }
}

function isBlank(byte: number | undefined): boolean {
  return byte === SPACE || byte === TAB;
}
