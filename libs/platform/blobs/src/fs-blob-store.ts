import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { access, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { BlobCorrupt, BlobNotFound, BlobTooLarge } from './blob-store.js';
import type { BlobRef, BlobStore, OpenBlob } from './blob-store.js';

/** Read at a time: with less, a large blob costs more in turns of the event loop than in hashing. */
const CHUNK_BYTES = 1024 * 1024;

/**
 * Blobs as files `<root>/<first two hex digits>/<sha256>`. A write goes to a temporary file, is synced, renamed, and
 * its folder synced, so that a crash or power cut leaves either the whole blob or none.
 */
export class FsBlobStore implements BlobStore {
  constructor(private readonly root: string) {}

  async put(content: Readable | Uint8Array, options: { limitBytes?: number } = {}): Promise<BlobRef> {
    const temporary = join(this.root, 'tmp', randomUUID());
    await mkdir(dirname(temporary), { recursive: true });
    const meter = new DigestMeter(options.limitBytes ?? Number.POSITIVE_INFINITY);
    try {
      const source = content instanceof Readable ? content : Readable.from([content]);
      await pipeline(source, meter, createWriteStream(temporary, { flags: 'wx', mode: 0o644 }));
      const ref = meter.ref();
      await syncPath(temporary);
      const target = this.pathOf(ref.sha256);
      const created = await mkdir(dirname(target), { recursive: true });
      await rename(temporary, target);
      await syncPath(dirname(target));
      if (created !== undefined) await syncPath(dirname(created));
      return ref;
    } finally {
      await rm(temporary, { force: true });
    }
  }

  putFile(path: string): Promise<BlobRef> {
    return this.put(createReadStream(path, { highWaterMark: CHUNK_BYTES }));
  }

  async read(sha256: string): Promise<Buffer> {
    const content = await readFile(this.pathOf(sha256)).catch((error: unknown) => {
      throw isMissing(error) ? new BlobNotFound(sha256) : error;
    });
    if (createHash('sha256').update(content).digest('hex') !== sha256) throw new BlobCorrupt(sha256);
    return content;
  }

  async open(sha256: string): Promise<OpenBlob> {
    const handle = await this.openFile(sha256);
    const { size } = await handle.stat();
    return {
      sizeBytes: size,
      read: async (start, end) => {
        const { buffer, bytesRead } = await handle.read(Buffer.alloc(end - start), 0, end - start, start);
        return buffer.subarray(0, bytesRead);
      },
      verify: async () => {
        const hash = createHash('sha256');
        const content = handle.createReadStream({ start: 0, autoClose: false, highWaterMark: CHUNK_BYTES });
        for await (const chunk of content) hash.update(chunk as Buffer);
        if (hash.digest('hex') !== sha256) throw new BlobCorrupt(sha256);
      },
      close: () => handle.close(),
    };
  }

  async copyTo(sha256: string, path: string): Promise<void> {
    const source = await this.openFile(sha256);
    const meter = new DigestMeter(Number.POSITIVE_INFINITY);
    // Opened first, so that a path which exists already is refused and left alone.
    const target = await open(path, 'wx').catch(async (error: unknown) => {
      await source.close();
      throw error;
    });
    try {
      await pipeline(
        source.createReadStream({ highWaterMark: CHUNK_BYTES }),
        meter,
        target.createWriteStream({ highWaterMark: CHUNK_BYTES }),
      );
      if (meter.ref().sha256 !== sha256) throw new BlobCorrupt(sha256);
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
  }

  async has(sha256: string): Promise<boolean> {
    return isDigest(sha256) && access(this.pathOf(sha256)).then(yes, no);
  }

  async removeAbandoned(ageMs: number): Promise<void> {
    const folder = join(this.root, 'tmp');
    const names = await readdir(folder).catch((error: unknown) => {
      if (isMissing(error)) return [];
      throw error;
    });
    for (const name of names) {
      const path = join(folder, name);
      // It may have become a blob meanwhile.
      const writtenAt = await stat(path).then(
        (file) => file.mtimeMs,
        () => Infinity,
      );
      if (Date.now() - writtenAt > ageMs) await rm(path, { force: true });
    }
  }

  private openFile(sha256: string): Promise<FileHandle> {
    return open(this.pathOf(sha256)).catch((error: unknown) => {
      throw isMissing(error) ? new BlobNotFound(sha256) : error;
    });
  }

  private pathOf(sha256: string): string {
    if (!isDigest(sha256)) throw new BlobNotFound(sha256);
    return join(this.root, sha256.slice(0, 2), sha256);
  }
}

/** Passes bytes through, counting and hashing them, and fails once there are too many. */
class DigestMeter extends Transform {
  private readonly hash = createHash('sha256');
  private sizeBytes = 0;

  constructor(private readonly limitBytes: number) {
    super();
  }

  override _transform(
    chunk: Buffer,
    _encoding: string,
    done: (error: Error | null, data?: Buffer) => void,
  ): void {
    this.sizeBytes += chunk.length;
    if (this.sizeBytes > this.limitBytes) return done(new BlobTooLarge(this.limitBytes));
    this.hash.update(chunk);
    done(null, chunk);
  }

  /** Valid once the stream has ended. */
  ref(): BlobRef {
    return { sha256: this.hash.digest('hex'), sizeBytes: this.sizeBytes };
  }
}

const yes = (): boolean => true;
const no = (): boolean => false;

/** Also what keeps a key from being a path. */
function isDigest(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}

async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
