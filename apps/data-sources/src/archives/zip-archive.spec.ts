import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { zipOf } from '../../test/support/zip.js';
import type { TestEntry } from '../../test/support/zip.js';
import { ZipArchive } from './zip-archive.js';

const MiB = 1024 * 1024;
const LIMITS = { entryCount: 1000, totalBytes: 64 * MiB, entryBytes: 32 * MiB };
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archives-'));
});

afterEach(async () => {
  // Whatever the archive says: beside the archive itself, no file has come to be.
  expect(await readdir(folder)).toEqual(['a.zip']);
  await rm(folder, { recursive: true });
});

async function opened(bytes: Buffer, limits = LIMITS): Promise<ZipArchive> {
  const path = join(folder, 'a.zip');
  await writeFile(path, bytes);
  return ZipArchive.open(path, limits);
}

/** Opens and reads everything; both ways of reading must agree. */
async function unpacked(bytes: Buffer, limits = LIMITS): Promise<Record<string, string>> {
  const archive = await opened(bytes, limits);
  try {
    const files: Record<string, string> = {};
    for (const entry of archive.entries) {
      const streamed: Buffer[] = [];
      for await (const chunk of await archive.stream(entry)) streamed.push(chunk as Buffer);
      const whole = await archive.read(entry, limits.entryBytes);
      expect(Buffer.concat(streamed).equals(whole)).toBe(true);
      files[entry.name] = whole.toString();
    }
    return files;
  } finally {
    await archive.close();
  }
}

async function refused(bytes: Buffer, code: string, message: RegExp, limits = LIMITS): Promise<void> {
  const startedAt = performance.now();
  const work = unpacked(bytes, limits);
  await expect(work).rejects.toMatchObject({
    code: `data_sources.${code}`,
    kind: code === 'archive_too_large' ? 'too_large' : 'unprocessable',
  });
  await expect(work).rejects.toThrow(message);
  expect(performance.now() - startedAt).toBeLessThan(2000);
}

const file = (name: string, fields: Partial<TestEntry> = {}): TestEntry => ({
  name,
  content: Buffer.from(`content of ${name}`),
  ...fields,
});

describe('a zip of an honest packer', () => {
  it('is read whole: stored, deflated, empty, in folders, with a comment', async () => {
    const bytes = zipOf(
      [
        { name: 'a/', method: 0, mode: 0o042755 },
        file('a/one', { mode: 0o100644 }),
        file('a/two', { method: 0 }),
        { name: 'a/empty', method: 0 },
        file('猫/ü.txt', { flags: 0 }),
        { name: 'zeros', content: Buffer.alloc(1_000_000) },
      ],
      { comment: Buffer.from('made by hand') },
    );
    const { zeros, ...files } = await unpacked(bytes);
    expect(files).toEqual({
      'a/': '',
      'a/one': 'content of a/one',
      'a/two': 'content of a/two',
      'a/empty': '',
      '猫/ü.txt': 'content of 猫/ü.txt',
    });
    expect(zeros).toHaveLength(1_000_000);
  });

  it.each([
    [
      'written by Python to a pipe, with sizes behind the content',
      'UEsDBBQACAgIAGsYeV0AAAAAAAAAAAAAAAAKAAAAY2F0L8OpLnR4dMtIzcnJV8jAQQIAUEsHCL7Lir0LAAAAHgAAAFBLAwQUAAgACABrGHldAAAAAAAAAAAAAAAACQAAAGRvZy9iLnR4dKsAAFBLBwiDFtyMAwAAAAEAAABQSwECFAMUAAgICABrGHldvsuKvQsAAAAeAAAACgAAAAAAAAAAAAAAgAEAAAAAY2F0L8OpLnR4dFBLAQIUAxQACAAIAGsYeV2DFtyMAwAAAAEAAAAJAAAAAAAAAAAAAACAAUMAAABkb2cvYi50eHRQSwUGAAAAAAIAAgBvAAAAfQAAAAAA',
      { 'cat/é.txt': 'hello hello hello hello hello ', 'dog/b.txt': 'x' },
    ],
    [
      'written by Python for large files',
      'UEsDBC0AAAAIAAAAIQBApi0B//////////8HABQAYmlnLnR4dAEAEAALAAAAAAAAAAoAAAAAAAAAy0jNyclXyACRAFBLAwQUAAAAAAAAACEAAAAAAAAAAAAAAAAAAgAAAGQvUEsBAi0DLQAAAAgAAAAhAECmLQEKAAAACwAAAAcAAAAAAAAAAAAAAIABAAAAAGJpZy50eHRQSwECFAMUAAAAAAAAACEAAAAAAAAAAAAAAAAAAgAAAAAAAAAAABAA/0FDAAAAZC9QSwUGAAAAAAIAAgBlAAAAYwAAAAAA',
      { 'big.txt': 'hello hello', 'd/': '' },
    ],
    [
      'written by Info-ZIP',
      'UEsDBAoAAAAAAI8YeV0AAAAAAAAAAAAAAAACABwAYS9VVAkAAz5QBms+UAZrdXgLAAEEAAAAAAQAAAAAUEsDBAoAAAAAAI8YeV16em/tAwAAAAMAAAAIABwAYS/DvC50eHRVVAkAAz5QBms+UAZrdXgLAAEEAAAAAAQAAAAAaGkKUEsBAh4DCgAAAAAAjxh5XQAAAAAAAAAAAAAAAAIAGAAAAAAAAAAQAO1BAAAAAGEvVVQFAAM+UAZrdXgLAAEEAAAAAAQAAAAAUEsBAh4DCgAAAAAAjxh5XXp6b+0DAAAAAwAAAAgAGAAAAAAAAQAAAKSBPAAAAGEvw7wudHh0VVQFAAM+UAZrdXgLAAEEAAAAAAQAAAAAUEsFBgAAAAACAAIAlgAAAIEAAAAAAA==',
      { 'a/': '', 'a/ü.txt': 'hi\n' },
    ],
  ])('%s is read', async (_, base64, files) => {
    expect(await unpacked(Buffer.from(base64, 'base64'))).toEqual(files);
  });
});

describe('the names of a zip', () => {
  it.each([
    '../up',
    'a/../../up',
    '..',
    '/etc/passwd',
    '//host/share',
    'C:\\boot.ini',
    'c:/boot.ini',
    'C:up',
    'a\\b',
    '..\\up',
    'a\u0000.png',
    'a\nb',
    './a',
    'a//b',
    'a/./b',
    '',
    '/',
    '%2e%2e/up',
    '%252e%252e%252fup',
    '..%5cup',
    'x'.repeat(1025),
  ])('refuse the whole archive for %j', async (name) => {
    await refused(zipOf([file('good'), file(name)]), 'archive_unsafe', /unsafe/);
  });

  it.each([
    [['a', 'a'], /twice/],
    [['A.png', 'a.PNG'], /twice/],
    [['straße', 'STRASSE'], /twice/],
    [['\u00e9', 'e\u0301'], /twice/],
    [['d/', 'D/'], /twice/],
    [['Cat/1', 'cat/2'], /differ in case only/],
    [['a', 'a/b'], /folder of what is a file/],
    [['a/b', 'a'], /folder of what is a file/],
    [['a/b', 'A'], /folder of what is a file/],
    [['a', 'a/'], /twice/],
  ])('refuse %j as names that would replace each other', async (names, message) => {
    await refused(zipOf(names.map((name) => ({ name, method: 0 }))), 'archive_unsafe', message);
  });

  it('that are not UTF-8 are refused rather than guessed', async () => {
    await refused(zipOf([{ name: Buffer.from('é', 'latin1') }]), 'archive_unsafe', /not UTF-8/);
  });

  it('may not differ between header and directory', async () => {
    await refused(zipOf([file('good.png', { localName: 'evil.png' })]), 'archive_unsafe', /differs/);
  });

  it('may look odd, as long as they stay inside', async () => {
    const names = ['..a', 'a..', 'a/...', '100%', 'xx:y', 'CON', '~', '$HOME'];
    expect(Object.keys(await unpacked(zipOf(names.map((name) => file(name)))))).toEqual(names);
  });
});

describe('the attributes of a zip', () => {
  const target = (id: number, fields: Buffer): Buffer => {
    const head = Buffer.alloc(4);
    head.writeUInt16LE(id, 0);
    head.writeUInt16LE(fields.length, 2);
    return Buffer.concat([head, fields]);
  };
  const asiLink = Buffer.concat([
    Buffer.alloc(6),
    Buffer.from([6, 0, 0, 0]),
    Buffer.alloc(4),
    Buffer.from('target'),
  ]);

  it.each<[string, Partial<TestEntry>]>([
    ['a symbolic link', { mode: 0o120777 }],
    ['a symbolic link of another system', { mode: 0o120777, madeBy: 0 }],
    ['a hard link (PKWARE)', { extra: target(0x000d, Buffer.alloc(20)) }],
    ['a hard link (ASi)', { extra: target(0x756e, asiLink) }],
    ['a reparse point of Windows', { dosAttributes: 0x400, madeBy: 10 }],
    ['a character device', { mode: 0o020666 }],
    ['a block device', { mode: 0o060666 }],
    ['a named pipe', { mode: 0o010666 }],
    ['a socket', { mode: 0o140666 }],
    ['a setuid file', { mode: 0o104755 }],
    ['a setgid file', { mode: 0o102755 }],
    ['a folder with the name of a file', { mode: 0o040755 }],
  ])('refuse the whole archive for %s', async (_, fields) => {
    await refused(zipOf([file('good'), file('bad', fields)]), 'archive_unsafe', /"bad" is/);
  });

  it('refuse a chain of links at its first one', async () => {
    const link = { mode: 0o120777, content: Buffer.from('..'), method: 0 };
    await refused(zipOf([file('d', link), file('d/e', link)]), 'archive_unsafe', /"d" is a link/);
  });

  it.each<[string, Partial<TestEntry>, RegExp]>([
    ['encrypted', { flags: 1 }, /encrypted/],
    ['packed by LZMA', { method: 14 }, /method 14/],
    ['packed by Deflate64', { method: 9 }, /method 9/],
  ])('name an entry that is %s as unsupported', async (_, fields, message) => {
    await refused(zipOf([file('a', fields)]), 'archive_unsupported', message);
  });
});

describe('a bomb', () => {
  it('of one file that packs 1,000 times is refused before a byte is unpacked', async () => {
    const bomb = zipOf([{ name: 'bomb', content: Buffer.alloc(30 * MiB) }]);
    await refused(bomb, 'archive_too_large', /more than 100 times/);
  });

  it('of many harmless files is refused by their sum', async () => {
    const kernel = Buffer.alloc(MiB);
    const entries = Array.from({ length: 50 }, (_, index) => file(`f${index}`, { content: kernel }));
    await refused(zipOf(entries), 'archive_too_large', /it unpacks to more than 100 times/);
  });

  it('of one kernel that many entries share is refused', async () => {
    const shared = { content: randomBytes(1000), method: 0, headerOffset: 0 };
    await refused(zipOf([file('a', shared), file('a2', shared)]), 'archive_unsafe', /overlaps/);
  });

  it('whose entries quote the headers of the next is refused', async () => {
    const inner = zipOf([file('b', { method: 0, content: Buffer.from('kernel') })]).subarray(0, 31 + 6);
    const bytes = zipOf([
      file('a', { method: 0, content: inner }),
      file('b', { method: 0, content: Buffer.from('kernel'), headerOffset: 31 }),
    ]);
    await refused(bytes, 'archive_unsafe', /overlaps/);
  });

  it.each([0, 8])('that lies about its size (method %i) is cut at the size it states', async (method) => {
    const content = Buffer.alloc(31 * MiB);
    const packed = method === 8 ? deflateRawSync(content) : content;
    const lie = { content, packed, method, sizeBytes: 1000 };
    await refused(
      zipOf([file('a', lie)]),
      'archive_unsafe',
      method === 8 ? /more than the 1000/ : /two sizes/,
    );
  });

  it('of a million entries is refused by their number alone', async () => {
    const bytes = zipOf([], { entryCount: 65_000 });
    await refused(bytes, 'archive_too_large', /65000 entries; at most 1000/);
    const million = zipOf(Array.from({ length: 1001 }, (_, index) => ({ name: `f${index}`, method: 0 })));
    await refused(million, 'archive_too_large', /1001 entries/);
  });

  it('above the limits is refused: one file, and all of them', async () => {
    const noise = { content: randomBytes(2 * MiB), method: 0 };
    const two = zipOf([file('a', noise), file('b', noise)]);
    await refused(two, 'archive_too_large', /of 1048576 allowed/, { ...LIMITS, entryBytes: MiB });
    await refused(two, 'archive_too_large', /of 3145728 allowed/, { ...LIMITS, totalBytes: 3 * MiB });
  });

  it('of archives in archives stays packed', async () => {
    const inner = zipOf([file('x')]);
    const archive = await opened(zipOf([file('inner.zip', { content: inner })]));
    expect(archive.entries.map(({ name }) => name)).toEqual(['inner.zip']);
    await archive.close();
  });
});

describe('a zip that is damaged or ambiguous', () => {
  const good = zipOf([file('a'), file('b')]);

  it.each([0, 1, 21, 22, 40, good.length - 1])('is refused when cut after %i bytes', async (length) => {
    await refused(good.subarray(0, length), 'archive_broken', /cut|short/);
  });

  it('is refused when its content is not what the directory says', async () => {
    await refused(zipOf([file('a', { crc: 1 })]), 'archive_broken', /checksum/);
    await refused(zipOf([file('a', { sizeBytes: 1000 })]), 'archive_broken', /shorter/);
    const noise = file('a', { packed: Buffer.from('no deflated content') });
    await refused(zipOf([noise]), 'archive_broken', /damaged/);
    const extra = Buffer.concat([deflateRawSync(Buffer.from('content of a')), Buffer.from('hidden')]);
    await refused(zipOf([file('a', { packed: extra })]), 'archive_unsafe', /belong to no content/);
  });

  it('is refused when readers could see different entries', async () => {
    await refused(zipOf([file('a')], { trailer: Buffer.from('x') }), 'archive_broken', /end/);
    await refused(zipOf([file('a')], { comment: zipOf([]) }), 'archive_unsafe', /two ends/);
    await refused(zipOf([file('a'), file('b')], { entryCount: 1 }), 'archive_unsafe', /more lines/);
    await refused(zipOf([file('a')], { entryCount: 2 }), 'archive_broken', /directory is damaged/);
    await refused(zipOf([file('a')], { directoryOffset: 0 }), 'archive_unsafe', /does not lie/);
  });

  it('is never followed when it is a link itself', async () => {
    const path = join(folder, 'a.zip');
    await symlink('/etc/hostname', path);
    await expect(ZipArchive.open(path, LIMITS)).rejects.toThrow('ELOOP');
  });

  it('gives a clean refusal or true content whatever bits are flipped', async () => {
    const codes = new Set<string>();
    let seed = 7;
    const random = (below: number) => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) % below;
    const text = Buffer.from('content of a, and more of it, and more of it');
    const bytes = zipOf([file('a', { content: text, mode: 0o100644 }), file('b/c', { method: 0 })]);
    for (let round = 0; round < 500; round++) {
      const mutant = Buffer.from(bytes);
      for (let flips = 0; flips <= random(3); flips++) mutant[random(mutant.length)] = random(256);
      try {
        const files = await unpacked(mutant);
        if ('a' in files) expect(files.a).toBe(text.toString());
        codes.add('read');
      } catch (error) {
        codes.add((error as { code?: string }).code ?? String(error));
      }
    }
    expect([...codes].filter((code) => code !== 'read' && !code.startsWith('data_sources.archive_'))).toEqual(
      [],
    );
  });
});
