import { describe, expect, it } from 'vitest';
import { memoryFile } from '../model-file.js';
import { inspectGguf } from './gguf.js';
import { inspectSafetensors } from './safetensors.js';

const u32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const u64 = (value: bigint | number) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
};
const text = (value: string) => Buffer.concat([u64(value.length), Buffer.from(value)]);

interface TensorEntry {
  name: string;
  dims: (bigint | number)[];
  offset: bigint | number;
  type?: number;
}
const tensor = ({ name, dims, offset, type = 0 }: TensorEntry) =>
  Buffer.concat([text(name), u32(dims.length), ...dims.map(u64), u32(type), u64(offset)]);

const A = { name: 'a', dims: [8], offset: 0 };
const B = { name: 'b', dims: [4, 2], offset: 32 };

function gguf(
  tensors: TensorEntry[] = [A, B],
  options: {
    version?: number;
    tensorCount?: bigint;
    entryCount?: bigint;
    settings?: Buffer[];
    dataBytes?: number;
  } = {},
): Buffer {
  const settings = options.settings ?? [
    Buffer.concat([text('general.architecture'), u32(8), text('llama')]),
    Buffer.concat([text('tokens'), u32(9), u32(8), u64(2), text('a'), text('bc')]),
    Buffer.concat([text('scores'), u32(9), u32(6), u64(2), u32(0), u32(0)]),
  ];
  const head = Buffer.concat([
    Buffer.from('GGUF'),
    u32(options.version ?? 3),
    u64(options.tensorCount ?? tensors.length),
    u64(options.entryCount ?? settings.length),
    ...settings,
    ...tensors.map(tensor),
  ]);
  return Buffer.concat([
    head,
    Buffer.alloc((32 - (head.length % 32)) % 32),
    Buffer.alloc(options.dataBytes ?? 64),
  ]);
}

describe('a GGUF header', () => {
  it('says architecture, tensors and parameters', async () => {
    await expect(inspectGguf(memoryFile('m.gguf', gguf()))).resolves.toEqual({
      version: 3,
      architecture: 'llama',
      tensorCount: 2,
      parameterCount: 16n,
    });
  });

  it.each([
    ['2^63 tensors', gguf([], { tensorCount: 2n ** 63n })],
    ['2^63 settings', gguf([], { entryCount: 2n ** 63n })],
    ['60,000 tensors that are not there', gguf([], { tensorCount: 60_000n })],
    ['a key of 2^63 bytes', gguf([A], { settings: [u64(2n ** 63n)] })],
    ['a text of 2^63 bytes', gguf([A], { settings: [Buffer.concat([text('k'), u32(8), u64(2n ** 63n)])] })],
    ['a list of 2^63', gguf([A], { settings: [Buffer.concat([text('k'), u32(9), u32(6), u64(2n ** 63n)])] })],
    [
      'a list of 2^60 texts',
      gguf([A], { settings: [Buffer.concat([text('k'), u32(9), u32(8), u64(2n ** 60n)])] }),
    ],
    ['lists in lists', gguf([A], { settings: [Buffer.concat([text('k'), u32(9), u32(9), u64(1)])] })],
    [
      'a setting twice',
      gguf([A], { settings: [text('k'), text('k')].map((k) => Buffer.concat([k, u32(4), u32(1)])) }),
    ],
    [
      'an alignment of 0',
      gguf([A], { settings: [Buffer.concat([text('general.alignment'), u32(4), u32(0)])] }),
    ],
    ['a tensor name twice', gguf([A, { ...B, name: 'a' }])],
    ['an overlap', gguf([A, { ...B, offset: 0 }])],
    ['an offset out of range', gguf([A, { ...B, offset: 2n ** 63n }])],
    ['an offset off the grid', gguf([A, { ...B, offset: 33 }])],
    ['dimensions that overflow', gguf([A, { ...B, dims: [2n ** 62n, 4] }])],
    ['five dimensions', gguf([{ ...A, dims: [1, 1, 1, 1, 8] }])],
    ['an unknown type', gguf([{ ...A, type: 99 }])],
    ['half a block', gguf([{ ...A, type: 2 }])],
    ['less data than tensors', gguf([A, B], { dataBytes: 63 })],
    ['an unknown version', gguf([A], { version: 1 })],
  ])('with %s is refused', async (_, bytes) => {
    await expect(inspectGguf(memoryFile('m.gguf', bytes))).rejects.toMatchObject({ kind: 'unprocessable' });
  });

  it('cut anywhere is refused', async () => {
    const whole = gguf();
    for (let end = 0; end < whole.length; end += 1) {
      const cut = memoryFile('m.gguf', whole.subarray(0, end));
      await expect(inspectGguf(cut)).rejects.toMatchObject({ kind: 'unprocessable' });
    }
  });
});

const entry = (start: number, end: number, shape = [(end - start) / 4]) => ({
  dtype: 'F32',
  shape,
  data_offsets: [start, end],
});

function safetensors(header: unknown, dataBytes = 16, length?: bigint): Buffer {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  return Buffer.concat([u64(length ?? json.length), json, Buffer.alloc(dataBytes)]);
}

describe('a safetensors header', () => {
  it('says tensors and parameters', async () => {
    const header = { __metadata__: { format: 'pt' }, a: entry(0, 8), b: entry(8, 16) };
    await expect(inspectSafetensors(memoryFile('m', safetensors(header)))).resolves.toEqual({
      tensorCount: 2,
      parameterCount: 4n,
    });
  });

  it.each([
    ['a length of 2^63', safetensors({ a: entry(0, 16) }, 16, 2n ** 63n)],
    ['a length beyond the file', safetensors({ a: entry(0, 16) }, 16, 200n)],
    ['a length inside the JSON', safetensors({ a: entry(0, 16) }, 16, 20n)],
    ['no JSON', safetensors('{"a":', 16)],
    ['an overlap', safetensors({ a: entry(0, 12), b: entry(8, 16) })],
    ['an offset out of range', safetensors({ a: entry(0, 32) })],
    ['an end before its start', safetensors({ a: entry(16, 0, [0]) })],
    ['a negative offset', safetensors({ a: entry(-4, 0) })],
    ['a shape that overflows', safetensors({ a: entry(0, 16, [2 ** 52, 2 ** 52]) })],
    ['an unknown type', safetensors({ a: { ...entry(0, 16), dtype: '__proto__' } })],
    ['a tensor twice', safetensors('{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"\\u0061":1}')],
    [
      'a tensor twice, alike',
      safetensors(`{"a":${JSON.stringify(entry(0, 16))},"a":${JSON.stringify(entry(0, 16))}}`),
    ],
    ['a tower of lists', safetensors(`{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`)],
  ])('with %s is refused', async (_, bytes) => {
    await expect(inspectSafetensors(memoryFile('m', bytes))).rejects.toMatchObject({ kind: 'unprocessable' });
  });

  it('cut anywhere is refused', async () => {
    const whole = safetensors({ a: entry(0, 8), b: entry(8, 16) });
    for (let end = 0; end < whole.length; end += 1) {
      const cut = memoryFile('m', whole.subarray(0, end));
      await expect(inspectSafetensors(cut)).rejects.toMatchObject({ kind: 'unprocessable' });
    }
  });
});
