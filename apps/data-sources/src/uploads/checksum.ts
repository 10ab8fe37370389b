import { createHash, timingSafeEqual } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { uploadChecksumMismatch, uploadMalformed } from './uploads.errors.js';

/** A digest that was sent along with some bytes. */
export interface Checksum {
  readonly algorithm: string;
  readonly digest: Buffer;
}

/** What may be sent along, and how long it is, in bytes. */
const DIGEST_BYTES: Readonly<Record<string, number>> = { sha256: 32, sha1: 20, md5: 16 };

/** Compares bytes with the digest that came with them. */
export class ChecksumCheck {
  private readonly hash: Hash;

  constructor(private readonly checksum: Checksum) {
    const { algorithm, digest } = checksum;
    if (DIGEST_BYTES[algorithm] !== digest.length) {
      throw uploadMalformed('the checksum must be a digest by sha256, sha1 or md5');
    }
    this.hash = createHash(algorithm);
  }

  update(chunk: Buffer): void {
    this.hash.update(chunk);
  }

  /** Throws `upload_checksum_mismatch` when the bytes are others. To be called once. */
  finish(): void {
    if (!timingSafeEqual(this.hash.digest(), this.checksum.digest)) throw uploadChecksumMismatch();
  }
}
