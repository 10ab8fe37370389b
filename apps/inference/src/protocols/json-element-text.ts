import { DATATYPES } from '../tensors/datatype.js';
import type { Datatype } from '../tensors/datatype.js';
import { endOfString } from './json-text.js';
import { quoted } from './quoted.js';

/** No more of a wrong element is looked at. */
const LONGEST_LOOK = 200;
const LITERAL = /^(?:true|false|null)\b/;
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?=[\s,\]}]|$)/;

const TAKES: Partial<Record<Datatype, string>> = {
  BOOL: 'true or false',
  BYTES: 'strings',
  FP16: 'numbers within the range of 16-bit floats',
  BF16: 'numbers within the range of bfloat16',
  FP32: 'numbers within the range of 32-bit floats',
  FP64: 'numbers within the range of 64-bit floats',
  INT64: `whole numbers from ${-(2n ** 63n)} to ${2n ** 63n - 1n}`,
  UINT64: `whole numbers from 0 to ${2n ** 64n - 1n}`,
};

/** What elements of a datatype may be. */
export function takesOf(datatype: Datatype): string {
  const { min, max } = DATATYPES[datatype];
  return TAKES[datatype] ?? `whole numbers from ${min} to ${max}`;
}

/** The JSON value at a position, in words for a message; undefined when no value starts there. */
export function describeElement(json: Buffer, at: number, end: number): string | undefined {
  const byte = json.toString('latin1', at, at + 1);
  if (byte === '[') return 'an array';
  if (byte === '{') return 'an object';
  if (byte === '"') return describeString(json, at, end);
  const text = json.toString('latin1', at, Math.min(end, at + LONGEST_LOOK));
  const literal = LITERAL.exec(text)?.[0];
  if (literal !== undefined) return literal;
  const number = NUMBER.exec(text)?.[0];
  return number === undefined ? undefined : describeNumber(number);
}

/** As a caller wrote it, unless that is long or JavaScript knows no such number. */
function describeNumber(text: string): string {
  const value = Number(text);
  return text.length > 24 || !Number.isFinite(value) ? String(value) : text;
}

function describeString(json: Buffer, at: number, end: number): string {
  const close = Math.min(endOfString(json, at + 1), end, at + LONGEST_LOOK);
  try {
    return quoted(JSON.parse(`${json.toString('utf8', at, close)}"`));
  } catch {
    return 'text';
  }
}
