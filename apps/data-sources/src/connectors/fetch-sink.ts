import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { manifestDigest } from '@aimass/platform-blobs';
import { fetchTooLarge, fetchTooManyFiles } from './connectors.errors.js';

/** A file that was fetched, in the folder of the sync. */
export interface FetchedFile {
  /** Where it lies; a name of our own. */
  readonly path: string;
  /** As its origin names it, for people and for recognising its format; never part of a path. */
  readonly name: string;
  /** Null when the origin does not say. */
  readonly mediaType: string | null;
  readonly sizeBytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

/** What one fetch may bring. */
export interface FetchLimits {
  /** Of all files together. */
  readonly maxBytes: number;
  readonly maxFiles: number;
}

/** A file that is to be placed, by what its origin says of it. */
export interface IncomingFile {
  readonly name: string;
  readonly mediaType: string | null;
}

/**
 * Where a connector puts what it fetches: a folder, in which every file gets a name of our own, so that no name from
 * outside is ever part of a path. Counts, hashes and bounds what comes in.
 */
export class FetchSink {
  private readonly placed: FetchedFile[] = [];
  private bytes = 0;

  constructor(
    private readonly folder: string,
    private readonly limits: FetchLimits,
    /** Told how many bytes there are whenever some have come in. */
    private readonly onBytes: (fetchedBytes: number) => void = () => undefined,
  ) {}

  /** What has come in so far, in the order in which it was asked for. */
  get files(): readonly FetchedFile[] {
    return this.placed;
  }

  /** Bytes so far, those of the file under way included. */
  get fetchedBytes(): number {
    return this.bytes;
  }

  /** How many bytes may still come. */
  get bytesLeft(): number {
    return this.limits.maxBytes - this.bytes;
  }

  /** Streams a file in. Throws `too_large` as soon as there is too much, and what the content throws. */
  async write(
    file: IncomingFile,
    content: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<FetchedFile> {
    const path = this.nextPath();
    const hash = createHash('sha256');
    let sizeBytes = 0;
    const measured = async function* (this: FetchSink): AsyncGenerator<Uint8Array> {
      for await (const chunk of content) {
        this.count(chunk.length);
        sizeBytes += chunk.length;
        hash.update(chunk);
        yield chunk;
      }
    };
    await pipeline(Readable.from(measured.call(this)), createWriteStream(path, { flags: 'wx' }), { signal });
    return this.add({ ...file, path, sizeBytes, sha256: hash.digest('hex') });
  }

  /** Places a file whose size and digest are known and verified by `fill`, which writes it to a path. */
  async place(
    file: IncomingFile & { readonly sizeBytes: number; readonly sha256: string },
    fill: (path: string) => Promise<void>,
  ): Promise<FetchedFile> {
    const path = this.nextPath();
    this.count(file.sizeBytes);
    await fill(path);
    return this.add({ ...file, path });
  }

  private nextPath(): string {
    if (this.placed.length >= this.limits.maxFiles) throw fetchTooManyFiles(this.limits.maxFiles);
    return join(this.folder, `file-${this.placed.length}`);
  }

  private count(bytes: number): void {
    this.bytes += bytes;
    this.onBytes(this.bytes);
    if (this.bytes > this.limits.maxBytes) throw fetchTooLarge(this.limits.maxBytes);
  }

  private add({ path, name, mediaType, sizeBytes, sha256 }: FetchedFile): FetchedFile {
    const file = { path, name, mediaType, sizeBytes, sha256 };
    this.placed.push(file);
    return file;
  }
}

/** The digest of everything that was fetched: of a single file its own, of several that of their names and digests. */
export function fetchedDigest(files: readonly FetchedFile[]): string {
  const [first, ...others] = files;
  if (first && others.length === 0) return first.sha256;
  return manifestDigest(files.map(({ name, sha256 }) => ({ path: name, sha256 })));
}
