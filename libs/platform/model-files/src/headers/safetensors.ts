import { z } from 'zod';
import { parseJsonObject } from '../json-document.js';
import type { ModelFile } from '../model-file.js';
import { malformed, quote, tensorInvalid, tooDemanding } from '../model-files.errors.js';
import { assertPlaced } from './placement.js';
import type { Placed } from './placement.js';

/** What the header of a safetensors file says. */
export interface SafetensorsFacts {
  readonly tensorCount: number;
  readonly parameterCount: bigint;
}

/** The format allows 100 MB; a model of a thousand billion parameters stays below this. */
const MAX_HEADER_BYTES = 32 * 1024 * 1024;
const LENGTH_BYTES = 8;

const BITS: Readonly<Record<string, bigint>> = {
  BOOL: 8n,
  U8: 8n,
  I8: 8n,
  F8_E4M3: 8n,
  F8_E5M2: 8n,
  F8_E8M0: 8n,
  F4: 4n,
  F6_E2M3: 6n,
  F6_E3M2: 6n,
  U16: 16n,
  I16: 16n,
  F16: 16n,
  BF16: 16n,
  U32: 32n,
  I32: 32n,
  F32: 32n,
  U64: 64n,
  I64: 64n,
  F64: 64n,
  C64: 64n,
};

const size = z.int().nonnegative();
const entrySchema = z.strictObject({
  dtype: z.string(),
  shape: z.array(size).max(32),
  data_offsets: z.tuple([size, size]),
});

/** Whether a file begins as safetensors does: a length, then JSON. */
export const looksLikeSafetensors = (head: Uint8Array): boolean => head[8] === 0x7b && head[9] === 0x22;

/** Checks the header of a safetensors file: nothing is sized by what it claims. Throws `unprocessable`. */
export async function inspectSafetensors(file: ModelFile): Promise<SafetensorsFacts> {
  if (file.sizeBytes < LENGTH_BYTES) throw malformed(file.path, 'it has no header');
  const start = await file.read(0, LENGTH_BYTES);
  const length = new DataView(start.buffer, start.byteOffset, LENGTH_BYTES).getBigUint64(0, true);
  if (length > BigInt(file.sizeBytes - LENGTH_BYTES))
    throw malformed(file.path, 'its header is longer than the file');
  if (length > BigInt(MAX_HEADER_BYTES)) throw tooDemanding(`its header has ${length} bytes`);
  const end = LENGTH_BYTES + Number(length);
  const bytes = await file.read(LENGTH_BYTES, end);
  const header = parseJsonObject(file.path, bytes);
  assertKeysOnce(file.path, bytes);
  const tensors = Object.entries(header).flatMap(([name, entry]) =>
    name === '__metadata__' ? [] : [toPlaced(file.path, name, entry)],
  );
  assertPlaced(file.path, tensors, BigInt(file.sizeBytes - end));
  return {
    tensorCount: tensors.length,
    parameterCount: tensors.reduce((sum, { values }) => sum + values, 0n),
  };
}

function toPlaced(path: string, name: string, entry: unknown): Placed & { values: bigint } {
  const parsed = entrySchema.safeParse(entry);
  if (!parsed.success) throw malformed(path, `the entry ${quote(name)} is not that of a tensor`);
  const { dtype, shape, data_offsets } = parsed.data;
  const bits = Object.hasOwn(BITS, dtype) ? BITS[dtype] : undefined;
  if (bits === undefined) throw tensorInvalid(name, `has the unknown type ${quote(dtype)}`);
  const values = shape.reduce((product, dim) => product * BigInt(dim), 1n);
  const [start, end] = data_offsets;
  if ((values * bits + 7n) / 8n !== BigInt(end - start))
    throw tensorInvalid(name, `has ${end - start} bytes, which its shape does not ask for`);
  return { name, values, start: BigInt(start), end: BigInt(end) };
}

/** JSON.parse keeps the last of two equal keys, other readers the first: what is checked must be what is loaded. */
function assertKeysOnce(path: string, bytes: Uint8Array): void {
  const seen = new Set<string>();
  let depth = 0;
  const tokens = new TextDecoder().decode(bytes).matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?|[{}]/g);
  for (const [token, colon] of tokens) {
    if (token === '{') depth += 1;
    else if (token === '}') depth -= 1;
    else if (depth === 1 && colon !== undefined) {
      const key = String(JSON.parse(token.slice(0, -colon.length)));
      if (seen.has(key)) throw malformed(path, `the tensor ${quote(key)} is there twice`);
      seen.add(key);
    }
  }
}
