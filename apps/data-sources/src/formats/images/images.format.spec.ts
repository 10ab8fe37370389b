import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { runFormat } from '../../../test/support/format-run.js';
import { zipOf } from '../../../test/support/zip.js';
import type { TestEntry } from '../../../test/support/zip.js';
import { ImagesFormat } from './images.format.js';

const fixtures = JSON.parse(
  readFileSync(new URL('../../../test/fixtures/images.json', import.meta.url), 'utf8'),
) as Record<string, { base64: string }>;
const image = (name: string) => Buffer.from(fixtures[name]?.base64 ?? '', 'base64');
const png = (name: string, content: Buffer = image('grey.png')): TestEntry => ({ name, content });
const run = (...entries: TestEntry[]) => runFormat(new ImagesFormat(), { 'images.zip': zipOf(entries) });

describe('a zip of images', () => {
  it('becomes one row per image, in the order of the paths, with its bytes as they were', async () => {
    const cmyk = image('cmyk.jpg');
    const { table, rows } = await run(
      { name: 'pets/', method: 0 },
      png('pets/dog/2.PNG'),
      png('pets/dog/10.png', image('alpha.png')),
      png('pets/cat/ü.jpg', cmyk),
      { name: '__MACOSX/pets/cat/._ü.jpg', content: Buffer.from('x') },
      { name: 'pets/.DS_Store', content: Buffer.from('x') },
      { name: 'pets/dog/Thumbs.db', content: Buffer.from('x') },
    );
    expect(table).toMatchObject({ kind: 'images', rowCount: 3, droppedRowCount: 0 });
    expect(table.columns.map(({ name, kind }) => `${name} ${kind}`)).toEqual([
      'path VARCHAR',
      'label VARCHAR',
      'width INTEGER',
      'height INTEGER',
      'channels INTEGER',
      'sha256 VARCHAR',
      'bytes BLOB',
    ]);
    expect(rows.map((row) => row.slice(0, 5))).toEqual([
      ['pets/cat/ü.jpg', 'cat', 5, 3, 4],
      ['pets/dog/10.png', 'dog', 5, 3, 4],
      ['pets/dog/2.PNG', 'dog', 5, 3, 1],
    ]);
    expect(rows[0]?.[5]).toBe(createHash('sha256').update(cmyk).digest('hex'));
    expect(rows[2]?.[6]).toContain('PNG');
  });

  it('gives the same snapshot, whatever the order in which it was packed', async () => {
    const entries = Array.from({ length: 2100 }, (_, i) => png(`c${i % 3}/${i}.png`));
    const one = await run(...entries);
    const other = await run(...entries.toReversed());
    expect(one.table.rowCount).toBe(2100);
    expect(other.sha256).toBe(one.sha256);
  });

  it.each<[string, TestEntry[], string, RegExp]>([
    ['no image', [], 'images_empty', /no image/],
    ['folders only', [{ name: 'a/', method: 0 }], 'images_empty', /no image/],
    ['an image in no folder', [png('a/1.png'), png('2.png')], 'images_no_class', /"2.png" is in no folder/],
    ['a text', [png('a/1.png'), png('a/readme.txt')], 'images_not_images', /"a\/readme.txt" is no PNG/],
    [
      'many other files',
      Array.from({ length: 9 }, (_, i) => png(`a/${i}.zip`)),
      'images_not_images',
      /"a\/4.zip" and 4 more are no/,
    ],
    [
      'a text that calls itself an image',
      [png('a/1.png', Buffer.from('hello'))],
      'images_not_images',
      /"a\/1.png"/,
    ],
    [
      'an archive that calls itself an image',
      [png('a/1.png', zipOf([png('x')]))],
      'images_not_images',
      /1.png/,
    ],
    ['a bomb of pixels', [png('a/1.png', bomb())], 'image_too_large', /60000 × 60000 pixels/],
    ['a path out of it', [png('a/1.png'), png('../1.png')], 'archive_unsafe', /leaves the archive/],
    ['a link', [png('a/1.png'), { name: 'a/2.png', mode: 0o120777 }], 'archive_unsafe', /link/],
    ['a damaged image', [{ ...png('a/1.png'), crc: 1 }], 'archive_broken', /checksum/],
  ])('with %s is refused as a whole', async (_, entries, code, message) => {
    const work = run(...entries);
    await expect(work).rejects.toMatchObject({ kind: 'unprocessable', code: `data_sources.${code}` });
    await expect(work).rejects.toThrow(message);
  });

  it('is recognised by its content; other archives are named', async () => {
    const format = new ImagesFormat();
    const tar = Buffer.alloc(1024);
    tar.write('ustar', 257);
    for (const [name, bytes] of Object.entries({
      tar,
      gzip: Buffer.from([0x1f, 0x8b, 8, 0]),
      '7z': Buffer.from('7z\xbc\xaf\x27\x1c', 'latin1'),
    })) {
      await expect(runFormat(format, { 'images.zip': bytes })).rejects.toThrow(`a ${name} archive`);
    }
    await expect(runFormat(format, { 'images.zip': 'text' })).rejects.toMatchObject({
      code: 'data_sources.archive_unsupported',
    });
    await expect(runFormat(format, { a: zipOf([]), b: zipOf([]) })).rejects.toMatchObject({
      code: 'data_sources.too_many_files',
    });
  });
});

/** A PNG of a few bytes that says it is very large. */
function bomb(): Buffer {
  const bytes = Buffer.from(image('grey.png'));
  bytes.writeUInt32BE(60_000, 16);
  bytes.writeUInt32BE(60_000, 20);
  bytes.writeUInt32BE(crc32(bytes.subarray(12, 29)), 29);
  return bytes;
}
