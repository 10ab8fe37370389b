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
  /** Opens the blob to read parts of it; the caller closes it. Throws BlobNotFound. */
  open(sha256: string): Promise<OpenBlob>;
  /** Whether the blob is there. */
  has(sha256: string): Promise<boolean>;
  /** Removes what writers that were killed have left: unfinished blobs that nobody has written to for `ageMs`. */
  removeAbandoned(ageMs: number): Promise<void>;
}

/** A blob that is open; its parts are as they are stored, so that who needs them true verifies it first. */
export interface OpenBlob {
  readonly sizeBytes: number;
  /** The bytes from `start` up to, not including, `end`; fewer when the blob ends before. */
  read(start: number, end: number): Promise<Buffer>;
  /** Reads it whole, holding little. Throws BlobCorrupt. */
  verify(): Promise<void>;
  close(): Promise<void>;
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
