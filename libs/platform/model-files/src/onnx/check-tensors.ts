import { posix } from 'node:path';
import { isPlainPath } from '../file-paths.js';
import { externalDataRefused, quote, tensorInvalid, tooDemanding } from '../model-files.errors.js';
import { ELEMENT_TYPES } from './onnx-datatypes.js';
import type { ScannedSparseTensor, ScannedTensor } from './scanned-onnx.js';

/** Where the data of a tensor lies outside the model. */
export interface ExternalRange {
  readonly path: string;
  readonly offset: number;
  readonly length: number;
}

/** No tensor that is spread out while a model loads may have more values: 512 MiB as FP32. */
export const MAX_ELEMENTS = 2n ** 27n;

/** The model file, and the sizes of all files by path. */
export interface ModelFolder {
  readonly modelPath: string;
  readonly sizes: ReadonlyMap<string, number>;
}

/**
 * Checks that a tensor's dimensions and the bytes it has fit each other, so that no reader sizes memory by one and
 * fills it by the other. Gives where its data lies when it is outside the model. Throws `unprocessable`.
 */
export function checkTensor(tensor: ScannedTensor, folder: ModelFolder): ExternalRange | undefined {
  const type = ELEMENT_TYPES.get(tensor.elementType);
  if (type === undefined)
    throw tensorInvalid(tensor.name, `has the unknown element type ${tensor.elementType}`);
  const values = elementCount(tensor);
  const bytes = (values * BigInt(type.bits) + 7n) / 8n;
  if (tensor.isExternal || tensor.external.size > 0) return checkExternal(tensor, type.word, bytes, folder);
  if (tensor.rawBytes !== undefined) {
    if (type.word === 'BYTES' || BigInt(tensor.rawBytes) !== bytes || tensor.mostValues > 0)
      throw tensorInvalid(tensor.name, `has ${tensor.rawBytes} bytes, its dimensions ask for ${bytes}`);
    return undefined;
  }
  checkTyped(tensor, type.word, type.bits > 0 && type.bits < 8 ? bytes : values);
  return undefined;
}

/** A sparse tensor is spread out when it is loaded: its dense size counts. */
export function checkSparseTensor({ dims, parts }: ScannedSparseTensor): void {
  const values = product(dims);
  if (dims.some((dim) => dim < 0n) || values > MAX_ELEMENTS)
    throw tooDemanding(
      `the sparse tensor ${quote(parts[0]?.name ?? '')} has ${values} values when it is spread out`,
    );
}

function elementCount({ name, dims }: ScannedTensor): bigint {
  if (dims.some((dim) => dim < 0n)) throw tensorInvalid(name, 'has a dimension below 0');
  const values = product(dims);
  if (values > BigInt(Number.MAX_SAFE_INTEGER))
    throw tensorInvalid(name, 'has dimensions whose product overflows');
  return values;
}

/** Complex numbers are written as two. */
function checkTyped(tensor: ScannedTensor, word: string, values: bigint): void {
  const expected = word.startsWith('COMPLEX') ? values * 2n : values;
  if (BigInt(Math.ceil(tensor.leastValues)) <= expected && BigInt(Math.floor(tensor.mostValues)) >= expected)
    return;
  throw tensorInvalid(tensor.name, `has other data than the ${expected} values that its dimensions ask for`);
}

function checkExternal(
  tensor: ScannedTensor,
  word: string,
  bytes: bigint,
  folder: ModelFolder,
): ExternalRange {
  if (word === 'BYTES')
    throw externalDataRefused(tensor.name, 'is text outside the model, which ONNX does not have');
  if (tensor.rawBytes !== undefined || tensor.mostValues > 0)
    throw externalDataRefused(tensor.name, 'is both in the model and outside of it');
  const { path, sizeBytes } = findExternal(tensor, folder);
  const offset = wholeNumber(tensor, 'offset') ?? 0n;
  const length = wholeNumber(tensor, 'length') ?? bytes;
  if (length !== bytes)
    throw externalDataRefused(tensor.name, `has ${length} bytes, its dimensions ask for ${bytes}`);
  if (offset + length > BigInt(sizeBytes))
    throw externalDataRefused(
      tensor.name,
      `ends at byte ${offset + length} of ${quote(path)}, which has ${sizeBytes}`,
    );
  return { path, offset: Number(offset), length: Number(length) };
}

/** Locations are relative to the folder of the model. */
function findExternal(
  { name, external }: ScannedTensor,
  { modelPath, sizes }: ModelFolder,
): { path: string; sizeBytes: number } {
  const location = external.get('location') ?? '';
  if (!isPlainPath(location))
    throw externalDataRefused(name, `lies at ${quote(location)}, which is no path inside the model`);
  const path = posix.join(posix.dirname(modelPath), location);
  const sizeBytes = sizes.get(path);
  if (sizeBytes === undefined || path === modelPath)
    throw externalDataRefused(name, `lies in ${quote(path)}, which is not among the files`);
  return { path, sizeBytes };
}

function wholeNumber(tensor: ScannedTensor, key: string): bigint | undefined {
  const text = tensor.external.get(key);
  if (text === undefined || text === '') return undefined;
  if (!/^\d{1,19}$/.test(text)) throw externalDataRefused(tensor.name, `has the ${key} ${quote(text)}`);
  return BigInt(text);
}

function product(dims: readonly bigint[]): bigint {
  return dims.reduce((result, dim) => result * dim, 1n);
}
