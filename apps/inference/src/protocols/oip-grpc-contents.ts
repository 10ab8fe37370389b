import { isUtf8 } from 'node:buffer';
import { DATATYPES } from '../tensors/datatype.js';
import type { BytesElement, Datatype, TensorArray } from '../tensors/datatype.js';
import { fromRaw, tooManyBytesElements } from '../tensors/raw-tensor.js';
import type { TensorSpec } from '../tensors/signature.js';
import { inputInvalid } from './protocols.errors.js';
import { WireReader } from './wire-reader.js';

/** Field of InferTensorContents that holds a datatype's elements; FP16 and BF16 have none. */
export const CONTENTS_FIELDS: Partial<Record<Datatype, { readonly number: number; readonly name: string }>> =
  {
    BOOL: { number: 1, name: 'bool_contents' },
    INT8: { number: 2, name: 'int_contents' },
    INT16: { number: 2, name: 'int_contents' },
    INT32: { number: 2, name: 'int_contents' },
    INT64: { number: 3, name: 'int64_contents' },
    UINT8: { number: 4, name: 'uint_contents' },
    UINT16: { number: 4, name: 'uint_contents' },
    UINT32: { number: 4, name: 'uint_contents' },
    UINT64: { number: 5, name: 'uint64_contents' },
    FP32: { number: 6, name: 'fp32_contents' },
    FP64: { number: 7, name: 'fp64_contents' },
    BYTES: { number: 8, name: 'bytes_contents' },
  };

/** Elements that come one by one instead of packed; libraries pack all but BYTES. */
const MAX_FIELDS = 2 ** 16;
/** Elements that are read one by one because they are varints: more would hold the event loop up. */
const MAX_VARINTS = 2 ** 22;

/**
 * The elements of an input's InferTensorContents, which may come in several pieces. Floats that are packed, as every
 * library packs them, are not even copied when they are aligned. Throws `invalid`.
 */
export function readContents(pieces: readonly Buffer[], spec: TensorSpec, count: number): TensorArray {
  const field = CONTENTS_FIELDS[spec.datatype];
  if (field === undefined) {
    throw inputInvalid(spec, `${spec.datatype} elements travel in raw_input_contents only`);
  }
  return new Contents(spec, count, field).read(pieces);
}

class Contents {
  private values: TensorArray = [];
  private offset = 0;
  private words: Uint32Array = new Uint32Array(0);

  constructor(
    private readonly spec: TensorSpec,
    private readonly count: number,
    private readonly field: { readonly number: number; readonly name: string },
  ) {}

  read(pieces: readonly Buffer[]): TensorArray {
    const isFixed = this.isFloat() || this.spec.datatype === 'BOOL';
    const whole = isFixed && pieces.length === 1 ? this.readWhole(pieces[0]) : undefined;
    if (whole !== undefined) return whole;
    this.checkCount(pieces);
    for (const piece of pieces) {
      const reader = new WireReader(piece, this.maxFields());
      while (reader.next()) {
        if (reader.field !== this.field.number) throw this.wrongField(reader);
        this.readField(reader);
      }
    }
    if (this.offset !== this.count) throw this.wrongCount('fewer');
    return this.values;
  }

  /** Before anything as long as the shape says is allocated: an element takes a byte at least. */
  private checkCount(pieces: readonly Buffer[]): void {
    const tooMany = this.tooMany();
    if (tooMany !== undefined) throw inputInvalid(this.spec, tooMany);
    let size = 0;
    for (const piece of pieces) size += piece.length;
    if (size < this.count * this.leastBytes()) throw this.wrongCount('fewer');
  }

  private tooMany(): string | undefined {
    if (this.spec.datatype === 'BYTES') return tooManyBytesElements(this.count);
    if (this.count <= MAX_VARINTS) return undefined;
    return `${this.field.name} is for ${MAX_VARINTS} elements at most: send raw_input_contents`;
  }

  private maxFields(): number {
    return this.spec.datatype === 'BYTES' ? this.count + 1 : MAX_FIELDS;
  }

  private leastBytes(): number {
    return this.isFloat() ? DATATYPES[this.spec.datatype].size : 1;
  }

  private isFloat(): boolean {
    return DATATYPES[this.spec.datatype].kind === 'float';
  }

  private wrongField(reader: WireReader): Error {
    const { datatype } = this.spec;
    return inputInvalid(
      this.spec,
      `${datatype} elements belong in ${this.field.name} (field ${this.field.number}), not in field ${reader.field}`,
    );
  }

  private wrongCount(relation: 'fewer' | 'more'): Error {
    return inputInvalid(
      this.spec,
      `${this.field.name} has ${relation} elements than the ${this.count} that its shape needs`,
    );
  }

  /** Room for one more element. */
  private claim(): number {
    if (this.offset === 0) this.values = this.allocate();
    if (this.offset >= this.count) throw this.wrongCount('more');
    return this.offset++;
  }

  private allocate(): TensorArray {
    const values = DATATYPES[this.spec.datatype].allocate(this.count);
    if (values instanceof BigInt64Array || values instanceof BigUint64Array)
      this.words = new Uint32Array(values.buffer);
    return values;
  }

  /** The elements when they are one packed field and nothing else. */
  private readWhole(piece: Buffer | undefined): TensorArray | undefined {
    if (piece === undefined) return undefined;
    const reader = new WireReader(piece, 1);
    if (!reader.next() || reader.field !== this.field.number || !reader.isBytes) return undefined;
    const bytes = reader.view();
    const values = reader.isAtEnd ? fromRaw(bytes, this.spec.datatype, this.count) : undefined;
    return typeof values === 'string' ? undefined : values;
  }

  private readField(reader: WireReader): void {
    if (this.spec.datatype === 'BYTES') {
      const at = this.claim();
      const element = reader.view();
      (this.values as BytesElement[])[at] = isUtf8(element) ? element.toString('utf8') : element;
    } else if (this.isFloat()) this.readFloats(reader);
    else if (reader.isBytes) {
      const packed = new WireReader(reader.view(), 0);
      while (!packed.isAtEnd) {
        packed.varint();
        this.putVarint(packed);
      }
    } else {
      reader.signed();
      this.putVarint(reader);
    }
  }

  /** Packed or one by one. */
  private readFloats(reader: WireReader): void {
    const { size } = DATATYPES[this.spec.datatype];
    const bytes = reader.isBytes ? reader.view() : reader.fixed(size);
    if (bytes.length % size !== 0) throw inputInvalid(this.spec, `${this.field.name} ends inside an element`);
    for (let i = 0; i < bytes.length; i += size) {
      const at = this.claim();
      (this.values as Float32Array)[at] = size === 4 ? bytes.readFloatLE(i) : bytes.readDoubleLE(i);
    }
  }

  private putVarint({ low, high }: WireReader): void {
    const at = this.claim();
    const { datatype } = this.spec;
    const row = DATATYPES[datatype];
    if (row.size === 8) {
      this.words[2 * at] = low;
      this.words[2 * at + 1] = high;
      return;
    }
    if (datatype === 'BOOL') {
      (this.values as Uint8Array)[at] = low === 0 && high === 0 ? 0 : 1;
      return;
    }
    const value = row.min < 0 ? low | 0 : low;
    if (value < row.min || value > row.max) {
      throw inputInvalid(
        this.spec,
        `element ${at} is ${value}; ${datatype} takes whole numbers from ${row.min} to ${row.max}`,
      );
    }
    (this.values as Int32Array)[at] = value;
  }
}
