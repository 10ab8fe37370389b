import type { Readable } from 'node:stream';

/** A stored blob: its lower-case hex SHA-256, which is its key, and its size. */
export interface BlobRef {
  readonly sha256: string;
  readonly sizeBytes: number;
}

/**
 * Content-addressed storage: dataset snapshots, model artifacts, logs, reports. A blob is either whole and durable or
 * not there; reading verifies the digest. Writing what is already there is free and harmless.
 */
export interface BlobStore {
  /** Stores a stream. Rejects, leaving nothing behind, when the stream fails or `limitBytes` is passed. */
  put(content: Readable | Uint8Array, options?: { limitBytes?: number }): Promise<BlobRef>;
  /** Stores a local file. */
  putFile(path: string): Promise<BlobRef>;
  /** The whole blob, verified. Throws BlobNotFound or BlobCorrupt. */
  read(sha256: string): Promise<Buffer>;
  /** Writes the blob, verified, to a local path that does not exist yet. Throws BlobNotFound or BlobCorrupt. */
  copyTo(sha256: string, path: string): Promise<void>;
  /** Whether the blob is there. */
  has(sha256: string): Promise<boolean>;
}

/** No such blob. */
export class BlobNotFound extends Error {
  override readonly name = 'BlobNotFound';
  constructor(readonly sha256: string) {
    super(`No blob with SHA-256 ${sha256} in the blob store.`);
  }
}

/** The stored bytes do not have the digest they are stored under. */
export class BlobCorrupt extends Error {
  override readonly name = 'BlobCorrupt';
  constructor(readonly sha256: string) {
    super(`The blob with SHA-256 ${sha256} is damaged: its content has another digest.`);
  }
}

/** More bytes than allowed. */
export class BlobTooLarge extends Error {
  override readonly name = 'BlobTooLarge';
  constructor(readonly limitBytes: number) {
    super(`The content is larger than ${limitBytes} bytes.`);
  }
}
