import { Readable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import type { BlobStore } from '@aimass/platform-blobs';
import { BLOBS, CONFIG } from '@aimass/platform-service';
import type { Config } from '../config.js';
import { asDiskFull } from '../disk-full.js';
import { ChecksumCheck } from './checksum.js';
import type { Checksum } from './checksum.js';
import { PartialFiles } from './partial-files.js';
import type { PartWriter } from './partial-files.js';
import { uninterrupted } from './uninterrupted.js';
import { checkChunk } from './upload-checks.js';
import type { Upload } from './upload.entity.js';
import { uploadLongerThanAnnounced, uploadOffsetMismatch, uploadSuperseded } from './uploads.errors.js';
import { UploadsRepository } from './uploads.repository.js';

/** Bytes for an upload. */
export interface Append {
  readonly chunks: AsyncIterable<Buffer>;
  /** Of these bytes; absent for none. Bytes of another digest are not kept. */
  readonly checksum?: Checksum | undefined;
}

/** Bytes that may come in before they are made durable, so that a crash costs little of a long request. */
const CHECKPOINT_BYTES = 32 * 1024 * 1024;

/** Bytes under way into an upload. */
interface Receipt {
  upload: Upload;
  readonly part: PartWriter;
  readonly check: ChecksumCheck | undefined;
}

/** Writes the bytes of uploads, and makes blobs of them when all are there. Holds no more than a few chunks. */
@Injectable()
export class UploadReceiver {
  constructor(
    private readonly uploads: UploadsRepository,
    private readonly files: PartialFiles,
    @Inject(BLOBS) private readonly blobs: BlobStore,
    @Inject(CONFIG) private readonly config: Readonly<Config>,
  ) {}

  /** When an upload that gets nothing more from now on is taken away. */
  nextExpiry(): Date {
    return new Date(Date.now() + this.config.UPLOAD_EXPIRY_SECONDS * 1000);
  }

  /**
   * Adds bytes and returns the upload as it is then. Bytes that break off or are interrupted are kept as far as they came,
   * unless they have a checksum; then the error is thrown all the same.
   */
  async receive(upload: Upload, { chunks, checksum }: Append, signal: AbortSignal): Promise<Upload> {
    const check = checksum && new ChecksumCheck(checksum);
    if (upload.isComplete) return expectNothing(upload, chunks);
    try {
      const part = await this.files.openPart(upload.id, upload.parts);
      try {
        return await this.receiveInto({ upload, part, check }, chunks, signal);
      } finally {
        await part.close();
      }
    } catch (error) {
      throw signal.aborted ? uploadSuperseded() : asDiskFull(error);
    }
  }

  /** Makes the blob of an upload whose bytes are all there. */
  async finish(upload: Upload, parts = upload.parts): Promise<Upload> {
    // Written, hashed and synced before the row says so: should it fail, the last bytes count as not sent.
    const { sha256 } = await this.blobs.put(
      Readable.from(this.files.read(upload.id, parts), { highWaterMark: 2 }),
    );
    const completed = upload.completed(sha256);
    await this.replace(upload, completed);
    await this.files.remove(upload.id);
    return completed;
  }

  /** Removes the bytes of an upload that has no row any more. */
  discard(uploadId: string): Promise<void> {
    return this.files.remove(uploadId);
  }

  private async receiveInto(
    receipt: Receipt,
    chunks: AsyncIterable<Buffer>,
    signal: AbortSignal,
  ): Promise<Upload> {
    try {
      await this.write(receipt, uninterrupted(chunks, signal));
    } catch (error) {
      if (!receipt.check && !isTooLong(error)) await this.save(receipt).catch(() => undefined);
      throw error;
    }
    receipt.check?.finish();
    return this.save(receipt);
  }

  private async write(receipt: Receipt, chunks: AsyncIterable<Buffer>): Promise<void> {
    const { part, check } = receipt;
    const sizeBytes = BigInt(receipt.upload.sizeBytes);
    let offsetBytes = BigInt(receipt.upload.offsetBytes);
    let unsavedBytes = 0;
    for await (const chunk of chunks) {
      checkChunk(chunk);
      offsetBytes += BigInt(chunk.length);
      if (offsetBytes > sizeBytes) throw uploadLongerThanAnnounced(sizeBytes);
      check?.update(chunk);
      await part.write(chunk);
      unsavedBytes += chunk.length;
      if (check || unsavedBytes < CHECKPOINT_BYTES || offsetBytes === sizeBytes) continue;
      receipt.upload = await this.save(receipt);
      unsavedBytes = 0;
    }
  }

  /** Makes durable what has been written; the last bytes count only together with the blob. */
  private async save({ upload, part }: Receipt): Promise<Upload> {
    const advanced = upload.advancedTo(part.parts, this.nextExpiry());
    if (advanced.offsetBytes === upload.offsetBytes) return upload;
    await part.sync();
    if (advanced.offsetBytes === upload.sizeBytes) return this.finish(upload, part.parts);
    await this.replace(upload, advanced);
    return advanced;
  }

  private async replace(before: Upload, after: Upload): Promise<void> {
    if (!(await this.uploads.advance(before, after))) {
      throw uploadOffsetMismatch(before.id, before.offsetBytes);
    }
  }
}

/** A complete upload takes no bytes, but a client may send a request without any. */
async function expectNothing(upload: Upload, chunks: AsyncIterable<Buffer>): Promise<Upload> {
  for await (const chunk of chunks) {
    if (chunk.length > 0) throw uploadLongerThanAnnounced(BigInt(upload.sizeBytes));
  }
  return upload;
}

function isTooLong(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'data_sources.upload_size_mismatch';
}
