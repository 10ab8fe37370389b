import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BlobCorrupt, BlobNotFound, BlobTooLarge } from './blob-store.js';
import { FsBlobStore } from './fs-blob-store.js';

let folder: string;
let root: string;
let store: FsBlobStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'blobs-'));
  root = join(folder, 'store');
  store = new FsBlobStore(root);
});

afterEach(() => rm(folder, { recursive: true }));

const digestOf = (content: Uint8Array | string): string => createHash('sha256').update(content).digest('hex');
const fileOf = (sha256: string): string => join(root, sha256.slice(0, 2), sha256);
const ABSENT = 'a'.repeat(64);

async function storedFiles(): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
}

describe('put', () => {
  it('stores content under its SHA-256 and gives it back unchanged', async () => {
    const content = randomBytes(300_000);
    const ref = await store.put(Readable.from([content.subarray(0, 100_001), content.subarray(100_001)]));
    expect(ref).toEqual({ sha256: digestOf(content), sizeBytes: content.length });
    expect((await store.read(ref.sha256)).equals(content)).toBe(true);
    expect(await storedFiles()).toEqual([ref.sha256]);
  });

  it('stores nothing as a blob of no bytes', async () => {
    const ref = await store.put(new Uint8Array());
    expect(ref).toEqual({ sha256: digestOf(''), sizeBytes: 0 });
    expect(await store.read(ref.sha256)).toHaveLength(0);
  });

  it('stores a file, and the same content many times at once as one blob', async () => {
    const path = join(folder, 'file');
    await writeFile(path, 'same');
    const refs = await Promise.all(Array.from({ length: 20 }, () => store.putFile(path)));
    expect(new Set(refs.map((ref) => ref.sha256)).size).toBe(1);
    expect(await storedFiles()).toEqual([digestOf('same')]);
  });

  it('leaves nothing behind when the stream is torn', async () => {
    const torn = Readable.from(
      (function* () {
        yield Buffer.from('half');
        throw new Error('the client went away');
      })(),
    );
    await expect(store.put(torn)).rejects.toThrow('the client went away');
    expect(await storedFiles()).toEqual([]);
  });

  it('takes what is just within the limit, and leaves nothing behind one byte above it', async () => {
    expect(await store.put(Buffer.from('12345'), { limitBytes: 5 })).toMatchObject({ sizeBytes: 5 });
    await expect(store.put(Buffer.from('123456'), { limitBytes: 5 })).rejects.toThrow(BlobTooLarge);
    expect(await storedFiles()).toEqual([digestOf('12345')]);
  });

  it('heals a damaged blob', async () => {
    const { sha256 } = await store.put(Buffer.from('sound'));
    await writeFile(fileOf(sha256), 'rotten');
    await store.put(Buffer.from('sound'));
    expect((await store.read(sha256)).toString()).toBe('sound');
  });
});

describe('removeAbandoned', () => {
  it('removes what a killed writer left, and nothing that may still be written', async () => {
    await store.removeAbandoned(1_000);
    const { sha256 } = await store.put(Buffer.from('whole'));
    const [old, recent] = [join(root, 'tmp', 'old'), join(root, 'tmp', 'recent')];
    for (const path of [old, recent, fileOf(sha256)]) await writeFile(path, 'whole');
    for (const path of [old, fileOf(sha256)]) await utimes(path, new Date(0), new Date(0));
    await store.removeAbandoned(60_000);
    expect((await storedFiles()).sort()).toEqual([sha256, 'recent'].sort());
  });
});

describe('a damaged blob', () => {
  it('is detected by read and by copyTo, which leaves no copy', async () => {
    const { sha256 } = await store.put(Buffer.from('sound'));
    await writeFile(fileOf(sha256), 'rotten');
    await expect(store.read(sha256)).rejects.toThrow(BlobCorrupt);
    const copy = join(folder, 'copy');
    await expect(store.copyTo(sha256, copy)).rejects.toThrow(BlobCorrupt);
    await expect(stat(copy)).rejects.toThrow('ENOENT');
  });
});

describe('copyTo', () => {
  it('writes the blob to a path, and never over what is there', async () => {
    const { sha256 } = await store.put(Buffer.from('sound'));
    const copy = join(folder, 'copy');
    await store.copyTo(sha256, copy);
    expect(await readFile(copy, 'utf8')).toBe('sound');
    await writeFile(copy, 'precious');
    await expect(store.copyTo(sha256, copy)).rejects.toThrow('EEXIST');
    expect(await readFile(copy, 'utf8')).toBe('precious');
  });

  it('creates no file for an absent blob', async () => {
    const copy = join(folder, 'copy');
    await expect(store.copyTo(ABSENT, copy)).rejects.toThrow(BlobNotFound);
    await expect(stat(copy)).rejects.toThrow('ENOENT');
  });
});

describe('a key', () => {
  it('is absent until its blob is whole', async () => {
    expect(await store.has(ABSENT)).toBe(false);
    await expect(store.read(ABSENT)).rejects.toThrow(BlobNotFound);
    const { sha256 } = await store.put(Buffer.from('x'));
    expect(await store.has(sha256)).toBe(true);
  });

  it.each(['../secret', '/etc/passwd', 'aa/../../secret', `${'a'.repeat(63)}/`, 'A'.repeat(64), ''])(
    'that is no digest is refused: %j',
    async (key) => {
      await writeFile(join(folder, 'secret'), 'secret');
      expect(await store.has(key)).toBe(false);
      await expect(store.read(key)).rejects.toThrow(BlobNotFound);
      await expect(store.copyTo(key, join(folder, 'copy'))).rejects.toThrow(BlobNotFound);
    },
  );
});

describe('open', () => {
  it('reads parts, and verifies the whole', async () => {
    const content = randomBytes(3_000_000);
    const { sha256 } = await store.put(content);
    const blob = await store.open(sha256);
    expect(blob.sizeBytes).toBe(content.length);
    expect((await blob.read(2_999_990, 3_000_000)).equals(content.subarray(2_999_990))).toBe(true);
    expect(await blob.read(2_999_999, 3_000_100)).toHaveLength(1);
    await blob.verify();
    await writeFile(fileOf(sha256), 'rotten');
    await expect(blob.verify()).rejects.toThrow(BlobCorrupt);
    expect(await blob.read(0, 6)).toHaveLength(6);
    await blob.close();
    await expect(store.open(ABSENT)).rejects.toThrow(BlobNotFound);
  });
});
