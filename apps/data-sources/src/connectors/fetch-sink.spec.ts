import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fetchedDigest, FetchSink } from './fetch-sink.js';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const file = { name: '../../etc/passwd', mediaType: null };
const never = new AbortController().signal;
let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'aimass-sink-'))));
afterEach(() => rm(folder, { recursive: true, force: true }));

async function* chunks(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield await Promise.resolve(Buffer.from(text));
}

describe('FetchSink', () => {
  it('keeps what comes in under a name of its own, with size and digest', async () => {
    const sink = new FetchSink(folder, { maxBytes: 100, maxFiles: 2 });
    const first = await sink.write(file, chunks('ab', 'c'), never);
    expect(first).toMatchObject({ name: file.name, sizeBytes: 3, sha256: sha256('abc') });
    expect(await readFile(first.path, 'utf8')).toBe('abc');
    expect(await readdir(folder)).toEqual(['file-0']);
    expect(fetchedDigest(sink.files)).toBe(sha256('abc'));
    const second = await sink.write(file, chunks('d'), never);
    expect(sink.fetchedBytes).toBe(4);
    expect(fetchedDigest(sink.files)).not.toBe(fetchedDigest([second, first]));
  });

  it('refuses the byte and the file that are too many, all files counted together', async () => {
    const sink = new FetchSink(folder, { maxBytes: 5, maxFiles: 2 });
    await sink.write(file, chunks('abc'), never);
    expect(sink.bytesLeft).toBe(2);
    const refused = { kind: 'too_large', code: 'data_sources.fetch_too_large' };
    await expect(sink.write(file, chunks('de', 'f'), never)).rejects.toMatchObject(refused);
    const few = new FetchSink(folder, { maxBytes: 5, maxFiles: 0 });
    await expect(few.write(file, chunks(), never)).rejects.toMatchObject({
      code: 'data_sources.fetch_too_many_files',
    });
  });

  it('stops when it is told to', async () => {
    const stop = new AbortController();
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        yield await Promise.resolve(Buffer.from('x'));
        stop.abort();
      }
    }
    const sink = new FetchSink(folder, { maxBytes: 1e9, maxFiles: 1 });
    await expect(sink.write(file, endless(), stop.signal)).rejects.toThrow(/abort/i);
    expect(sink.files).toEqual([]);
  });
});
