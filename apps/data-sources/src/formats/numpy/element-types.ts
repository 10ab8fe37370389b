import { isUtf8 } from 'node:buffer';
import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  FLOAT,
  INTEGER,
  SMALLINT,
  TINYINT,
  UBIGINT,
  UINTEGER,
  USMALLINT,
  UTINYINT,
  VARCHAR,
} from '@duckdb/node-api';
import type { DuckDBType } from '@duckdb/node-api';

/** A value of an array: 64-bit integers as bigint; null for text that is none. */
export type ElementValue = number | bigint | boolean | string | null;

/** How the elements of an array are stored, and how they are called elsewhere. */
export interface ElementType {
  /** In the Open Inference Protocol. */
  readonly datatype: string;
  readonly bytes: number;
  /** In a list that is an item of a tensor. */
  readonly stored: DuckDBType;
  readonly read: (bytes: Buffer, at: number) => ElementValue;
}

type OrderedNumber = 'Int16' | 'UInt16' | 'Int32' | 'UInt32' | 'BigInt64' | 'BigUInt64' | 'Float' | 'Double';
type NumberReader = `read${OrderedNumber}${'LE' | 'BE'}`;

type Build = (isLittle: boolean) => Omit<ElementType, 'bytes'>;

/** Numbers by NumPy's kind and size in bytes. */
const NUMBERS: Readonly<Record<string, Build>> = {
  i1: () => ({ datatype: 'INT8', stored: TINYINT, read: (bytes, at) => bytes.readInt8(at) }),
  u1: () => ({ datatype: 'UINT8', stored: UTINYINT, read: (bytes, at) => bytes.readUInt8(at) }),
  b1: () => ({ datatype: 'BOOL', stored: BOOLEAN, read: (bytes, at) => bytes.readUInt8(at) !== 0 }),
  i2: byOrder('INT16', SMALLINT, 'readInt16LE', 'readInt16BE'),
  u2: byOrder('UINT16', USMALLINT, 'readUInt16LE', 'readUInt16BE'),
  i4: byOrder('INT32', INTEGER, 'readInt32LE', 'readInt32BE'),
  u4: byOrder('UINT32', UINTEGER, 'readUInt32LE', 'readUInt32BE'),
  i8: byOrder('INT64', BIGINT, 'readBigInt64LE', 'readBigInt64BE'),
  u8: byOrder('UINT64', UBIGINT, 'readBigUInt64LE', 'readBigUInt64BE'),
  f4: byOrder('FP32', FLOAT, 'readFloatLE', 'readFloatBE'),
  f8: byOrder('FP64', DOUBLE, 'readDoubleLE', 'readDoubleBE'),
  f2: (isLittle) => ({
    datatype: 'FP16',
    stored: FLOAT,
    read: (bytes, at) => fromHalf(isLittle ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at)),
  }),
};
/** One text, in bytes as they are stored. */
const MAX_TEXT_BYTES = 1_000_000;
const BYTES_PER_CHARACTER = 4;

/** The type that a description such as `<f4` means; null when it is none that is read. */
export function elementType(descr: string): ElementType | null {
  const parts = /^([<>|=])([a-zA-Z])([0-9]{1,7})$/.exec(descr);
  if (!parts) return null;
  const [, order, kind = '', size = ''] = parts;
  const isLittle = order !== '>';
  const build = NUMBERS[`${kind}${size}`];
  if (build) return { bytes: Number(size), ...build(isLittle) };
  return textType(kind, Number(size), isLittle);
}

function textType(kind: string, length: number, isLittle: boolean): ElementType | null {
  const bytes = kind === 'U' ? length * BYTES_PER_CHARACTER : length;
  if ((kind !== 'U' && kind !== 'S') || bytes === 0 || bytes > MAX_TEXT_BYTES) return null;
  const read =
    kind === 'U'
      ? (all: Buffer, at: number) => readCharacters(all.subarray(at, at + bytes), isLittle)
      : (all: Buffer, at: number) => readBytes(all.subarray(at, at + bytes));
  return { datatype: 'BYTES', bytes, stored: VARCHAR, read };
}

/** Reads by one of two methods of Buffer, which do what their names say. */
function byOrder(datatype: string, stored: DuckDBType, little: NumberReader, big: NumberReader): Build {
  return (isLittle) => {
    const method = isLittle ? little : big;
    return { datatype, stored, read: (bytes, at) => bytes[method](at) };
  };
}

/** Text of 32-bit characters, padded with NULs at its end. */
function readCharacters(bytes: Buffer, isLittle: boolean): string | null {
  const codes: number[] = [];
  for (let at = 0; at < bytes.length; at += BYTES_PER_CHARACTER) {
    codes.push(isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  }
  while (codes.at(-1) === 0) codes.pop();
  if (!codes.every(isCharacter)) return null;
  return codes.map((code) => String.fromCodePoint(code)).join('');
}

/** UTF-8, padded with NULs at its end. */
function readBytes(bytes: Buffer): string | null {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  const text = bytes.subarray(0, end);
  return isUtf8(text) && !text.includes(0) ? text.toString('utf8') : null;
}

function isCharacter(code: number): boolean {
  return code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
}

/** A number of IEEE 754 half precision. */
function fromHalf(bits: number): number {
  const sign = (bits & 0x8000) === 0 ? 1 : -1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
