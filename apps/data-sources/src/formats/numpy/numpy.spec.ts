import { readFileSync } from 'node:fs';
import type { Json } from '@duckdb/node-api';
import { describe, expect, it } from 'vitest';
import { runFormat } from '../../../test/support/format-run.js';
import { zipOf } from '../../../test/support/zip.js';
import { NpyFormat } from './npy.format.js';
import { NpzFormat } from './npz.format.js';

/** Written by NumPy 2.4. */
function fixture<T>(name: string): Record<string, T> {
  const path = new URL(`../../../test/fixtures/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(path, 'utf8')) as Record<string, T>;
}

interface Saved {
  readonly datatype: string;
  readonly shape: number[];
  readonly expected: Json[];
  readonly base64: string;
}

const arrays = fixture<Saved>('arrays');
const refusedArrays = fixture<string>('refused-arrays');
const archives = fixture<string>('array-archives');
const saved = (name: string) => Buffer.from(arrays[name]?.base64 ?? '', 'base64');
const run = (bytes: Buffer) => runFormat(new NpyFormat(), { 'a.npy': bytes });
const runNpz = (bytes: Buffer) => runFormat(new NpzFormat(), { 'a.npz': bytes });

/** A file with the given dictionary, and content. */
function npy(dictionary: string, content = Buffer.alloc(24), version = 1): Buffer {
  const length = Buffer.alloc(version === 1 ? 2 : 4);
  length.writeUIntLE(dictionary.length, 0, length.length);
  return Buffer.concat([
    Buffer.from(`\x93NUMPY${String.fromCharCode(version)}\0`, 'latin1'),
    length,
    Buffer.from(dictionary),
    content,
  ]);
}
const header = (shape: string, descr = '<f8') =>
  `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }\n`;

describe('an array that NumPy saved', () => {
  it.each(Object.entries(arrays))(
    'is read value by value: %s',
    async (_, { datatype, shape, expected, base64 }) => {
      const { table, rows } = await run(Buffer.from(base64, 'base64'));
      expect(table.kind).toBe('tensors');
      expect(table.columns[1]).toMatchObject({ name: 'values', tensor: { datatype, shape } });
      expect(rows).toEqual(expected.map((value, index) => [String(index), value]));
    },
  );

  it('is cut into bounded pieces without losing one, in both orders', async () => {
    const rowCount = 5000;
    const shape = `(${rowCount}, 3, 2)`;
    const content = Buffer.alloc(rowCount * 6 * 8);
    for (let i = 0; i < rowCount * 6; i++) content.writeDoubleLE(i, i * 8);
    const { rows, sha256 } = await run(npy(header(shape), content));
    expect(rows).toHaveLength(rowCount);
    rows.forEach(([index, values], row) => {
      expect(index).toBe(String(row));
      expect(values).toEqual([0, 1, 2, 3, 4, 5].map((cell) => row * 6 + cell));
    });
    expect((await run(npy(header(shape), content))).sha256).toBe(sha256);
    const fortran = await run(npy(header(shape).replace('False', 'True'), content));
    expect(fortran.rows[1]?.[1]).toEqual([0, 3, 1, 4, 2, 5].map((place) => 1 + place * rowCount));
  });

  it.each<[string, string, string]>([
    ['pickle', 'pickle_refused', 'unsupported_media'],
    ['object record', 'pickle_refused', 'unsupported_media'],
    ['complex', 'npy_type_unsupported', 'unprocessable'],
    ['date', 'npy_type_unsupported', 'unprocessable'],
    ['duration', 'npy_type_unsupported', 'unprocessable'],
    ['record', 'npy_type_unsupported', 'unprocessable'],
    ['long double', 'npy_type_unsupported', 'unprocessable'],
    ['void', 'npy_type_unsupported', 'unprocessable'],
    ['scalar', 'npy_shape_refused', 'unprocessable'],
    ['no rows', 'npy_shape_refused', 'unprocessable'],
    ['no items', 'npy_shape_refused', 'unprocessable'],
    ['uint64', 'npy_value_refused', 'unprocessable'],
    ['latin1', 'npy_value_refused', 'unprocessable'],
  ])('is refused when it holds %s', async (name, code, kind) => {
    const work = run(Buffer.from(refusedArrays[name] ?? '', 'base64'));
    await expect(work).rejects.toMatchObject({ code: `data_sources.${code}`, kind });
  });
});

describe('an array that lies', () => {
  it.each<[string, Buffer, string]>([
    ['a shape of more than the file has', npy(header('(4,)')), 'npy_broken'],
    ['a shape of less than the file has', npy(header('(2,)')), 'npy_broken'],
    ['a shape that overflows to what the file has', npy(header('(4294967296, 4294967296, 3)')), 'npy_broken'],
    ['a shape of 2^63 and more', npy(header('(9223372036854775808,)')), 'npy_shape_refused'],
    ['a negative shape', npy(header('(-3,)')), 'npy_broken'],
    ['33 axes', npy(header(`(3, ${'1, '.repeat(32)})`)), 'npy_shape_refused'],
    ['an item too large', npy(header('(1, 4194305)', '|u1'), Buffer.alloc(4_194_305)), 'npy_shape_refused'],
    ['a header longer than the file', npy(header('(3,)')).subarray(0, 40), 'npy_broken'],
    ['a header that is too long', npy(header('(3,)').padEnd(20_000), undefined, 2), 'npy_broken'],
    ['a header that is code', npy(`__import__('os').system('true')`), 'npy_broken'],
    ['a header with more in it', npy(header('(3,)').replace('}', `'x': 1}`)), 'npy_broken'],
    ['an escape in the type', npy(header('(3,)', '\\x3cf8')), 'npy_broken'],
    ['a type without an order', npy(header('(3,)', 'f8')), 'npy_type_unsupported'],
    ['a text of no length', npy(header('(3,)', '<U0'), Buffer.alloc(0)), 'npy_type_unsupported'],
    ['another version', npy(header('(3,)'), undefined, 4), 'npy_broken'],
    ['pickled content', Buffer.from('\x80\x04\x95\x0b\0\0\0\0\0\0\0}\x94', 'latin1'), 'npy_broken'],
    ['nothing', Buffer.alloc(0), 'npy_broken'],
  ])('by %s is refused', async (_, bytes, code) => {
    await expect(run(bytes)).rejects.toMatchObject({ code: `data_sources.${code}` });
  });

  it('gives a clean refusal or a table whatever bits of its header are flipped', async () => {
    const bytes = saved('matrix <f4');
    let seed = 3;
    const random = (below: number) => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) % below;
    for (let round = 0; round < 40; round++) {
      const mutant = Buffer.from(bytes);
      for (let flips = 0; flips <= random(3); flips++) mutant[random(bytes.length)] = random(256);
      const outcome = await run(mutant).catch((error: unknown) => error);
      if (outcome instanceof Error) expect(outcome).toMatchObject({ name: 'DomainError' });
    }
  });
});

describe('an archive of arrays', () => {
  it('becomes a table with a column per array', async () => {
    const { table, rows } = await runNpz(Buffer.from(archives.savez ?? '', 'base64'));
    expect(table.columns).toEqual([
      { name: 'index', kind: 'BIGINT' },
      { name: 'x', kind: 'LIST', tensor: { datatype: 'FP32', shape: [3] } },
      { name: 'y', kind: 'BIGINT', tensor: { datatype: 'INT64', shape: [] } },
      { name: 'name', kind: 'VARCHAR', tensor: { datatype: 'BYTES', shape: [] } },
    ]);
    expect(rows[1]).toEqual(['1', [3, 4, 5], '1', 'b']);
    const compressed = await runNpz(Buffer.from(archives.compressed ?? '', 'base64'));
    expect(compressed.rows[1999]).toEqual(['1999', new Array(20).fill(0), '1999']);
  });

  it.each<[string, Buffer, string]>([
    ['arrays of different lengths', Buffer.from(archives.unequal ?? '', 'base64'), 'npz_lengths_differ'],
    [
      'an array that is called like the number of the row',
      Buffer.from(archives.index ?? '', 'base64'),
      'npz_index_taken',
    ],
    ['pickled objects', Buffer.from(archives.pickle ?? '', 'base64'), 'pickle_refused'],
    ['no array', zipOf([]), 'npz_empty'],
    [
      'something else',
      zipOf([{ name: 'a.npy', content: saved('version 2') }, { name: 'b.txt' }]),
      'npz_not_arrays',
    ],
    ['an array without a name', zipOf([{ name: '.npy', content: saved('version 2') }]), 'npz_not_arrays'],
    ['a path out of it', zipOf([{ name: '../a.npy', content: saved('version 2') }]), 'archive_unsafe'],
    ['names that differ in case only', zipOf([{ name: 'a.npy' }, { name: 'A.npy' }]), 'archive_unsafe'],
    [
      'a bomb',
      zipOf([{ name: 'a.npy', content: npy(header('(4194304,)'), Buffer.alloc(2 ** 25)) }]),
      'archive_too_large',
    ],
    [
      'too many arrays',
      zipOf(Array.from({ length: 257 }, (_, i) => ({ name: `${i}.npy` }))),
      'npz_too_many_arrays',
    ],
  ])('with %s is refused as a whole', async (_, bytes, code) => {
    await expect(runNpz(bytes)).rejects.toMatchObject({ code: `data_sources.${code}` });
  });
});
