import { DATATYPES } from '../tensors/datatype.js';
import type { BytesElement, TensorArray } from '../tensors/datatype.js';
import { toBf16Bits, toFp16Bits } from '../tensors/half-floats.js';
import { tooManyBytesElements } from '../tensors/raw-tensor.js';
import type { TensorSpec } from '../tensors/signature.js';
import { elementCount } from '../tensors/tensor.js';
import { describeElement, takesOf } from './json-element-text.js';
import { JsonNumbers } from './json-numbers.js';
import { inputInvalid, requestInvalid } from './protocols.errors.js';
import { countElements, endOfString, skipSpace } from './json-text.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const SPACE = 0x20;
/** Digits of a 64-bit integer and its sign at most; a longer literal is not worth converting. */
const LONGEST_INTEGER = 21;
const WORD = 2 ** 32;
const INTEGER_TEXT = /^-?\d{1,20}$/;

/**
 * Reads one "data" array, flat or nested as its shape says, straight into the array that the engine takes. It stops at
 * the first byte that does not fit, so a wrong body never costs more than a right one. Nothing as large as the shape says
 * is allocated before the text is known to be long enough for it.
 */
export class JsonElements {
  private readonly numbers: JsonNumbers;
  private readonly isWhole: boolean;
  private shape: readonly number[] = [];
  /** Sizes of the arrays from the outside in: the shape, or one size when "data" is flat. */
  private levels: readonly number[] = [];
  /** Where the arrays that are being read begin, from the outside in. */
  private readonly starts: number[] = [];
  private depth = 0;
  private at: number;

  /** `start` and `end` are those of the array in the bytes, brackets included. */
  constructor(
    private readonly bytes: Buffer,
    private readonly start: number,
    private readonly end: number,
    private readonly spec: TensorSpec,
  ) {
    this.at = start;
    this.numbers = new JsonNumbers(bytes, spec.datatype === 'FP32');
    this.isWhole = DATATYPES[spec.datatype].kind === 'integer';
  }

  /** The elements. Throws `invalid` that says what is wrong. */
  read(shape: readonly number[]): TensorArray {
    this.shape = shape;
    const count = elementCount(shape);
    const isNested = shape.length > 1 && this.bytes[skipSpace(this.bytes, this.start + 1)] === OPEN_ARRAY;
    this.levels = isNested ? shape : [count];
    this.starts.push(this.start);
    const tooMany = DATATYPES[this.spec.datatype].kind === 'bytes' && tooManyBytesElements(count);
    if (tooMany) throw inputInvalid(this.spec, tooMany);
    // Each element takes a character at least, and a comma or bracket.
    if (count * 2 > this.end - this.start) throw this.wrongCount();
    const values = DATATYPES[this.spec.datatype].allocate(count);
    this.readArray(0, 0, values);
    if (this.at !== this.end) throw this.unreadable();
    return values;
  }

  /** Reads an array of the given depth and all in it; gives the position of the next element. */
  private readArray(depth: number, offset: number, values: TensorArray): number {
    const size = this.levels[depth] ?? 0;
    this.depth = depth;
    this.starts[depth] = this.at;
    if (this.bytes[this.at] !== OPEN_ARRAY) throw this.notNested();
    this.at = skipSpace(this.bytes, this.at + 1);
    if (this.bytes[this.at] === CLOSE_ARRAY) throw this.wrongCount();
    if (depth === this.levels.length - 1) {
      this.readRow(values, offset, offset + size);
      return offset + size;
    }
    let next = offset;
    for (let i = 0; i < size; i++) {
      next = this.readArray(depth + 1, next, values);
      this.depth = depth;
      this.pass(i === size - 1);
    }
    return next;
  }

  private readRow(values: TensorArray, start: number, end: number): void {
    const { datatype } = this.spec;
    if (Array.isArray(values)) this.readStrings(values, start, end);
    else if (values instanceof BigInt64Array) this.readBigints(values, start, end);
    else if (values instanceof BigUint64Array) this.readBigints(values, start, end);
    else if (datatype === 'BOOL') this.readBools(values as Uint8Array, start, end);
    else if (datatype === 'FP16' || datatype === 'BF16')
      this.readHalves(values as Uint16Array, start, end, datatype === 'FP16' ? toFp16Bits : toBf16Bits);
    else this.readNumbers(values as Float32Array, start, end);
  }

  /** The loop that large JSON bodies spend their time in; integers and floats share it. */
  private readNumbers(values: Float32Array, start: number, end: number): void {
    for (let i = start; i < end; i++) {
      values[i] = this.readNumber(i);
      this.pass(i === end - 1);
    }
  }

  private readHalves(
    values: Uint16Array,
    start: number,
    end: number,
    toBits: (value: number) => number,
  ): void {
    for (let i = start; i < end; i++) {
      values[i] = toBits(this.readNumber(i));
      this.pass(i === end - 1);
    }
  }

  private readNumber(index: number): number {
    const { numbers } = this;
    const { min, max } = DATATYPES[this.spec.datatype];
    numbers.at = this.at;
    const value = numbers.read();
    // NaN, which is no JSON number, fails the comparison; 1e999 is Infinity and fails it as well.
    const isValid = value >= min && value <= max && (!this.isWhole || Number.isInteger(value));
    if (!isValid) throw this.elementInvalid(index);
    this.at = numbers.at;
    return value;
  }

  /** Numbers that are exact become their two halves: making a bigint of each takes three times as long. */
  private readBigints(values: BigInt64Array | BigUint64Array, start: number, end: number): void {
    const { bytes, numbers } = this;
    const { min } = DATATYPES[this.spec.datatype];
    const words = new Uint32Array(values.buffer, values.byteOffset, 2 * values.length);
    for (let i = start; i < end; i++) {
      numbers.at = this.at;
      const value = bytes[this.at] === QUOTE ? Number.NaN : numbers.read();
      if (Number.isSafeInteger(value) && value >= min) {
        const high = Math.floor(value / WORD);
        words[2 * i] = value - high * WORD;
        words[2 * i + 1] = high;
        this.at = numbers.at;
      } else {
        const exact = this.readBigint(i);
        values[i] = exact;
        // Storing keeps the low 64 bits only.
        if (values[i] !== exact) throw this.elementInvalid(i);
        this.at = numbers.at;
      }
      this.pass(i === end - 1);
    }
  }

  /** More digits than a number holds, or text of digits, which is how some callers write those. */
  private readBigint(index: number): bigint {
    const { bytes, numbers } = this;
    const start = this.at;
    if (bytes[start] === QUOTE) {
      const [text = ''] = bytes.toString('latin1', start + 1, start + 2 + LONGEST_INTEGER).split('"', 1);
      numbers.at = start + 2 + text.length;
      if (INTEGER_TEXT.test(text)) return BigInt(text);
    } else if (numbers.isDigits && numbers.at - start <= LONGEST_INTEGER) {
      const text = bytes.toString('latin1', start, numbers.at);
      if (INTEGER_TEXT.test(text)) return BigInt(text);
    }
    throw this.elementInvalid(index);
  }

  private readBools(values: Uint8Array, start: number, end: number): void {
    for (let i = start; i < end; i++) {
      const text = this.bytes.toString('latin1', this.at, this.at + 5);
      const isTrue = text.startsWith('true');
      if (!isTrue && text !== 'false') throw this.elementInvalid(i);
      values[i] = isTrue ? 1 : 0;
      this.at += isTrue ? 4 : 5;
      this.pass(i === end - 1);
    }
  }

  private readStrings(values: BytesElement[], start: number, end: number): void {
    for (let i = start; i < end; i++) {
      if (this.bytes[this.at] !== QUOTE) throw this.elementInvalid(i);
      values[i] = this.readString();
      this.pass(i === end - 1);
    }
  }

  private readString(): string {
    const { bytes } = this;
    const start = this.at + 1;
    let end = start;
    let byte = bytes[end] ?? 0;
    while (byte !== QUOTE && byte !== BACKSLASH && byte >= SPACE) byte = bytes[++end] ?? 0;
    if (byte === BACKSLASH) return this.readEscaped(start);
    if (byte !== QUOTE) throw this.unreadable();
    this.at = end + 1;
    return bytes.toString('utf8', start, end);
  }

  private readEscaped(start: number): string {
    const end = endOfString(this.bytes, start) + 1;
    try {
      const text = JSON.parse(this.bytes.toString('utf8', start - 1, end)) as string;
      this.at = end;
      return text;
    } catch {
      throw this.unreadable();
    }
  }

  /** Passes the comma after an element, or the bracket after the last one. */
  private pass(isLast: boolean): void {
    const { bytes } = this;
    let { at } = this;
    let byte = bytes[at];
    if (byte !== COMMA && byte !== CLOSE_ARRAY) {
      at = skipSpace(bytes, at);
      byte = bytes[at];
    }
    if (byte !== (isLast ? CLOSE_ARRAY : COMMA)) {
      this.at = at;
      throw byte === COMMA || byte === CLOSE_ARRAY ? this.wrongCount() : this.unreadable();
    }
    at += 1;
    this.at = (bytes[at] ?? 0) > SPACE || isLast ? at : skipSpace(bytes, at);
  }

  private elementInvalid(index: number): Error {
    const found = describeElement(this.bytes, this.at, this.end);
    if (found === undefined) return this.unreadable();
    const { datatype } = this.spec;
    return inputInvalid(
      this.spec,
      `element ${index} of "data" is ${found}; ${datatype} takes ${takesOf(datatype)}`,
    );
  }

  private wrongCount(): Error {
    const found = countElements(this.bytes, this.starts[this.depth] ?? 0, this.end);
    if (this.levels.length === 1) {
      return inputInvalid(
        this.spec,
        `"data" has ${found} elements, "shape" [${this.shape.join(',')}] needs ${this.levels[0] ?? 0}`,
      );
    }
    return this.wrongLevel(`an array of ${found}`);
  }

  private notNested(): Error {
    const found = describeElement(this.bytes, this.at, this.end);
    return found === undefined ? this.unreadable() : this.wrongLevel(found);
  }

  private wrongLevel(found: string): Error {
    const size = this.levels[this.depth] ?? 0;
    return inputInvalid(
      this.spec,
      `"data" is not nested as "shape" says: at depth ${this.depth} it has ${found}, not an array of ${size}`,
    );
  }

  private unreadable(): Error {
    const found = this.bytes.toString('latin1', this.at, Math.min(this.at + 10, this.end));
    return requestInvalid(
      `The body is not JSON: unexpected ${JSON.stringify(found)} in "data" of input ${JSON.stringify(this.spec.name)}.`,
    );
  }
}
