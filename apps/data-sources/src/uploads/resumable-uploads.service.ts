import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '@aimass/platform-service';
import type { Config } from '../config.js';
import { checkFilename } from './upload-checks.js';
import { UploadReceiver } from './upload-receiver.js';
import type { Append } from './upload-receiver.js';
import { UploadTurns } from './upload-turns.js';
import { Upload } from './upload.entity.js';
import type { FileToCome } from './upload.entity.js';
import {
  uploadFinished,
  uploadMalformed,
  uploadNotFound,
  uploadOffsetMismatch,
  uploadTooLarge,
} from './uploads.errors.js';
import { UploadsRepository } from './uploads.repository.js';

/** Characters of what a client may have kept with its upload. */
const MAX_METADATA_CHARACTERS = 4096;

/** Names an upload of an organization. */
export interface UploadReference {
  readonly organizationId: string;
  readonly uploadId: string;
}

/** Bytes for an upload, and where they go. */
export interface AppendRequest extends UploadReference, Append {
  /** Must be the upload's offset. */
  readonly offsetBytes: string;
}

/** Uploads that come in pieces and go on where they were cut. Nobody but their sender sees them before they are complete. */
@Injectable()
export class ResumableUploadsService {
  constructor(
    private readonly uploads: UploadsRepository,
    private readonly receiver: UploadReceiver,
    private readonly turns: UploadTurns,
    @Inject(CONFIG) private readonly config: Readonly<Config>,
  ) {}

  /** The largest upload there may be, in bytes. */
  get maxSizeBytes(): number {
    return this.config.UPLOAD_LIMIT_BYTES;
  }

  /** Begins an upload; one of no bytes is complete at once. */
  async create(file: FileToCome): Promise<Upload> {
    checkFilename(file.filename);
    if (file.metadata.length > MAX_METADATA_CHARACTERS) {
      throw uploadMalformed(`the metadata must have at most ${MAX_METADATA_CHARACTERS} characters`);
    }
    if (file.sizeBytes > this.maxSizeBytes) throw uploadTooLarge(this.maxSizeBytes);
    const upload = Upload.open(file, this.receiver.nextExpiry());
    await this.uploads.insert(upload);
    return file.sizeBytes === 0 ? this.receiver.finish(upload) : upload;
  }

  /** Adds bytes; what has arrived is durable when this returns, and also when the bytes break off. */
  append(request: AppendRequest): Promise<Upload> {
    return this.turns.take(request.uploadId, async (signal) => {
      const upload = await this.find(request);
      if (upload.offsetBytes !== request.offsetBytes) {
        throw uploadOffsetMismatch(upload.id, upload.offsetBytes);
      }
      return this.receiver.receive(upload, request, signal);
    });
  }

  /** How far an upload is. Ends a request that still adds bytes to it, so that the answer stays true. */
  getOffset(reference: UploadReference): Promise<Upload> {
    return this.turns.take(reference.uploadId, () => this.find(reference));
  }

  /** Takes an open upload away. Throws `conflict` (`upload_finished`) for a complete one. */
  terminate(reference: UploadReference): Promise<void> {
    return this.turns.take(reference.uploadId, async () => {
      const { id } = await this.find(reference);
      if (!(await this.uploads.deleteOpen(id))) throw uploadFinished(id);
      await this.receiver.discard(id);
    });
  }

  private async find({ organizationId, uploadId }: UploadReference): Promise<Upload> {
    const upload = await this.uploads.find(organizationId, uploadId);
    if (!upload || upload.isExpired(new Date())) throw uploadNotFound(uploadId);
    return upload;
  }
}
