import type { ModelFile } from '../model-file.js';
import { malformed, tooDemanding } from '../model-files.errors.js';
import { ByteReader } from './byte-reader.js';
import { assertPlaced } from './placement.js';
import type { Placed } from './placement.js';

/** What the header of a GGUF file says. */
export interface GgufFacts {
  readonly version: number;
  /** `general.architecture`: `llama`, `qwen2`, …; empty when it is not said. */
  readonly architecture: string;
  readonly tensorCount: number;
  readonly parameterCount: bigint;
}

const MAX_ENTRIES = 65_536n;
const MAX_DIMS = 4;
/** Names have at most 64 bytes; keys at most 65,535. */
const MAX_TEXT_BYTES = 65_535n;
const STRING = 8;
const ARRAY = 9;
const U32 = 4;

/** Sizes of the value types that have one. https://github.com/ggml-org/ggml/blob/master/docs/gguf.md */
const VALUE_BYTES: ReadonlyMap<number, number> = new Map([
  [0, 1],
  [1, 1],
  [2, 2],
  [3, 2],
  [4, 4],
  [5, 4],
  [6, 4],
  [7, 1],
  [10, 8],
  [11, 8],
  [12, 8],
]);

/** Values and bytes of a block, by tensor type. */
const BLOCKS: ReadonlyMap<number, readonly [bigint, bigint]> = new Map([
  [0, [1n, 4n]],
  [1, [1n, 2n]],
  [2, [32n, 18n]],
  [3, [32n, 20n]],
  [6, [32n, 22n]],
  [7, [32n, 24n]],
  [8, [32n, 34n]],
  [9, [32n, 36n]],
  [10, [256n, 84n]],
  [11, [256n, 110n]],
  [12, [256n, 144n]],
  [13, [256n, 176n]],
  [14, [256n, 210n]],
  [15, [256n, 292n]],
  [16, [256n, 66n]],
  [17, [256n, 74n]],
  [18, [256n, 98n]],
  [19, [256n, 50n]],
  [20, [32n, 18n]],
  [21, [256n, 110n]],
  [22, [256n, 82n]],
  [23, [256n, 136n]],
  [24, [1n, 1n]],
  [25, [1n, 2n]],
  [26, [1n, 4n]],
  [27, [1n, 8n]],
  [28, [1n, 8n]],
  [29, [256n, 56n]],
  [30, [1n, 2n]],
  [34, [256n, 54n]],
  [35, [256n, 66n]],
  [39, [32n, 17n]],
]);

/** Whether a file begins as GGUF does. */
export const looksLikeGguf = (head: Uint8Array): boolean =>
  head[0] === 0x47 && head[1] === 0x47 && head[2] === 0x55 && head[3] === 0x46;

/** Checks the header of a GGUF file: nothing is sized by what it claims. Throws `unprocessable`. */
export async function inspectGguf(file: ModelFile): Promise<GgufFacts> {
  const reader = new ByteReader(file);
  await reader.bytes(4);
  const version = await reader.u32();
  if (version !== 2 && version !== 3) throw malformed(file.path, `it is of version ${version}, not 2 or 3`);
  const tensorCount = await reader.u64();
  const entryCount = await reader.u64();
  if (tensorCount > MAX_ENTRIES || entryCount > MAX_ENTRIES)
    throw tooDemanding(`it announces ${tensorCount} tensors and ${entryCount} settings`);
  const settings = await readSettings(reader, Number(entryCount));
  const tensors: Sized[] = [];
  for (let index = 0n; index < tensorCount; index += 1n)
    tensors.push(await readTensor(reader, settings.alignment));
  const dataStart = Math.ceil(reader.position / settings.alignment) * settings.alignment;
  assertPlaced(file.path, tensors, BigInt(Math.max(0, file.sizeBytes - dataStart)));
  return {
    version,
    architecture: settings.architecture,
    tensorCount: tensors.length,
    parameterCount: tensors.reduce((sum, { values }) => sum + values, 0n),
  };
}

interface Settings {
  alignment: number;
  architecture: string;
}

async function readSettings(reader: ByteReader, count: number): Promise<Settings> {
  const settings: Settings = { alignment: 32, architecture: '' };
  const keys = new Set<string>();
  for (let index = 0; index < count; index += 1) {
    const key = await readText(reader);
    if (keys.has(key)) throw reader.broken('a setting is there twice');
    keys.add(key);
    const type = await reader.u32();
    if (key === 'general.alignment' && type === U32) settings.alignment = await readAlignment(reader);
    else if (key === 'general.architecture' && type === STRING)
      settings.architecture = await readText(reader);
    else await skipValue(reader, type);
  }
  return settings;
}

async function readAlignment(reader: ByteReader): Promise<number> {
  const alignment = await reader.u32();
  if (alignment < 8 || alignment > 65_536 || alignment % 8 !== 0)
    throw reader.broken('its alignment is not sound');
  return alignment;
}

async function skipValue(reader: ByteReader, type: number): Promise<void> {
  if (type === STRING) reader.skip(await reader.u64());
  else if (type === ARRAY) await skipArray(reader);
  else reader.skip(BigInt(valueBytes(reader, type)));
}

async function skipArray(reader: ByteReader): Promise<void> {
  const type = await reader.u32();
  const length = await reader.u64();
  if (type !== STRING) {
    reader.skip(length * BigInt(valueBytes(reader, type)));
    return;
  }
  // Each takes eight bytes at least, so that a number which cannot be is found before the loop.
  if (length * 8n > BigInt(reader.remaining)) throw reader.broken('it ends before what it announces');
  for (let index = 0n; index < length; index += 1n) reader.skip(await reader.u64());
}

/** Lists of lists have no size of their own, and no model has them. */
function valueBytes(reader: ByteReader, type: number): number {
  const bytes = VALUE_BYTES.get(type);
  if (bytes === undefined) throw reader.broken(`a setting has the unknown type ${type}`);
  return bytes;
}

interface Sized extends Placed {
  readonly values: bigint;
}

async function readTensor(reader: ByteReader, alignment: number): Promise<Sized> {
  const name = await readText(reader);
  const dimCount = await reader.u32();
  if (dimCount > MAX_DIMS) throw reader.broken(`a tensor has ${dimCount} dimensions`);
  let values = 1n;
  for (let index = 0; index < dimCount; index += 1) values *= await reader.u64();
  const block = BLOCKS.get(await reader.u32());
  const start = await reader.u64();
  if (block === undefined) throw reader.broken('a tensor has an unknown type');
  const [valuesPerBlock, bytesPerBlock] = block;
  if (values % valuesPerBlock !== 0n || start % BigInt(alignment) !== 0n)
    throw reader.broken('a tensor does not fit its blocks');
  return { name, values, start, end: start + (values / valuesPerBlock) * bytesPerBlock };
}

async function readText(reader: ByteReader): Promise<string> {
  const length = await reader.u64();
  if (length > MAX_TEXT_BYTES) throw reader.broken(`a name has ${length} bytes`);
  return new TextDecoder().decode(await reader.bytes(Number(length)));
}
