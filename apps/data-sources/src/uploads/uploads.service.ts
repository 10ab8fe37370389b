import { Readable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import { BlobTooLarge } from '@aimass/platform-blobs';
import type { BlobRef, BlobStore } from '@aimass/platform-blobs';
import { BLOBS, CONFIG } from '@aimass/platform-service';
import type { Config } from '../config.js';
import { asDiskFull } from '../disk-full.js';
import { checkedContent } from './checked-content.js';
import type { Announced } from './checked-content.js';
import { checkFilename } from './upload-checks.js';
import { Upload } from './upload.entity.js';
import { uploadIncomplete, uploadMalformed, uploadNotFound, uploadTooLarge } from './uploads.errors.js';
import { UploadsRepository } from './uploads.repository.js';

/** A file on its way in. */
export interface Incoming {
  readonly organizationId: string;
  readonly filename: string;
  readonly announced: Announced;
  readonly chunks: AsyncIterable<Buffer>;
}

/** Takes files in and finds them again. */
@Injectable()
export class UploadsService {
  constructor(
    private readonly uploads: UploadsRepository,
    @Inject(BLOBS) private readonly blobs: BlobStore,
    @Inject(CONFIG) private readonly config: Readonly<Config>,
  ) {}

  /** Stores the content as it comes, holding no more than a few chunks; refuses it as soon as it passes the limit. */
  async receive(incoming: Incoming): Promise<Upload> {
    const filename = checkFilename(incoming.filename);
    checkAnnounced(incoming.announced, this.config.UPLOAD_LIMIT_BYTES);
    const upload = Upload.create(incoming.organizationId, filename, await this.store(incoming));
    await this.uploads.insert(upload);
    return upload;
  }

  /** A complete upload. Throws `conflict` (`upload_incomplete`) for one whose bytes are still coming. */
  async get(organizationId: string, id: string): Promise<Upload> {
    const upload = await this.uploads.find(organizationId, id);
    if (!upload) throw uploadNotFound(id);
    if (!upload.isComplete) throw uploadIncomplete(id, upload.offsetBytes, upload.sizeBytes);
    return upload;
  }

  private async store({ chunks, announced }: Incoming): Promise<BlobRef> {
    const limitBytes = this.config.UPLOAD_LIMIT_BYTES;
    try {
      return await this.blobs.put(Readable.from(checkedContent(chunks, announced), { highWaterMark: 2 }), {
        limitBytes,
      });
    } catch (error) {
      throw error instanceof BlobTooLarge ? uploadTooLarge(limitBytes, error) : asDiskFull(error);
    }
  }
}

function checkAnnounced(announced: Announced, limitBytes: number): void {
  if (announced.sizeBytes > BigInt(limitBytes)) throw uploadTooLarge(limitBytes);
  if (announced.sha256 !== '' && !/^[0-9a-f]{64}$/.test(announced.sha256)) {
    throw uploadMalformed('expected_sha256 must be 64 lower-case hex digits');
  }
}
