import { isUtf8 } from 'node:buffer';
import type { JsonValue } from './lossless-json.js';

/** Bytes of an element and how one is read. */
const READERS: Readonly<Record<string, { size: number; read: (bytes: Buffer, at: number) => JsonValue }>> = {
  BOOL: { size: 1, read: (bytes, at) => bytes.readUInt8(at) === 1 },
  UINT8: { size: 1, read: (bytes, at) => bytes.readUInt8(at) },
  UINT16: { size: 2, read: (bytes, at) => bytes.readUInt16LE(at) },
  UINT32: { size: 4, read: (bytes, at) => bytes.readUInt32LE(at) },
  UINT64: { size: 8, read: (bytes, at) => bytes.readBigUInt64LE(at) },
  INT8: { size: 1, read: (bytes, at) => bytes.readInt8(at) },
  INT16: { size: 2, read: (bytes, at) => bytes.readInt16LE(at) },
  INT32: { size: 4, read: (bytes, at) => bytes.readInt32LE(at) },
  INT64: { size: 8, read: (bytes, at) => bytes.readBigInt64LE(at) },
  FP16: { size: 2, read: (bytes, at) => finite(half(bytes.readUInt16LE(at))) },
  BF16: { size: 2, read: (bytes, at) => finite(brain(bytes.readUInt16LE(at))) },
  FP32: { size: 4, read: (bytes, at) => finite(bytes.readFloatLE(at)) },
  FP64: { size: 8, read: (bytes, at) => finite(bytes.readDoubleLE(at)) },
};

/**
 * The elements of a raw tensor as JSON has them. NaN and infinities are their names, BYTES are text when they are UTF-8
 * and `hex:…` otherwise. Throws when the bytes are no whole elements.
 */
export function valuesOf(datatype: string, bytes: Buffer): JsonValue[] {
  if (datatype === 'BYTES') return strings(bytes);
  const reader = READERS[datatype];
  if (reader === undefined) throw new Error(`there is no datatype ${datatype}`);
  if (bytes.length % reader.size !== 0) {
    throw new Error(`${bytes.length} bytes are no whole number of ${datatype} elements`);
  }
  return Array.from({ length: bytes.length / reader.size }, (_, index) =>
    reader.read(bytes, index * reader.size),
  );
}

/** One BYTES element. */
export function textOf(bytes: Buffer): string {
  return isUtf8(bytes) ? bytes.toString('utf8') : `hex:${bytes.toString('hex')}`;
}

/** Elements of nested lists, in row-major order. */
export function flat(data: JsonValue[]): JsonValue[] {
  return (data as unknown[]).flat(Infinity) as JsonValue[];
}

function strings(bytes: Buffer): string[] {
  const texts: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = bytes.readUInt32LE(at);
    if (at + 4 + length > bytes.length)
      throw new Error(`a BYTES element of ${length} bytes ends behind the tensor`);
    texts.push(textOf(bytes.subarray(at + 4, at + 4 + length)));
    at += 4 + length;
  }
  return texts;
}

function finite(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** BF16 is the upper half of FP32. */
function brain(bits: number): number {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt16LE(bits, 2);
  return bytes.readFloatLE(0);
}
