import { uploads } from '@aimass/contracts';
import { GrpcController } from '@aimass/platform-grpc';
import type { GrpcHandlers } from '@aimass/platform-grpc';
import { toAppendRequest, toPartialUploadProto } from './partial-upload.mapping.js';
import { ResumableUploadsService } from './resumable-uploads.service.js';

/** gRPC: uploads that go on where they were cut. */
@GrpcController(uploads.UploadsServiceService)
export class UploadsController implements GrpcHandlers<typeof uploads.UploadsServiceService> {
  constructor(private readonly uploads: ResumableUploadsService) {}

  async createUpload({ organizationId, filename, sizeBytes, metadata }: uploads.CreateUploadRequest) {
    const file = { organizationId, filename, sizeBytes: Number(sizeBytes), metadata };
    return { upload: toPartialUploadProto(await this.uploads.create(file)) };
  }

  async appendUpload(requests: AsyncIterable<uploads.AppendUploadRequest>) {
    const upload = await this.uploads.append(await toAppendRequest(requests));
    return { upload: toPartialUploadProto(upload) };
  }

  async getUploadOffset(request: uploads.GetUploadOffsetRequest) {
    return { upload: toPartialUploadProto(await this.uploads.getOffset(request)) };
  }

  async terminateUpload(request: uploads.TerminateUploadRequest) {
    await this.uploads.terminate(request);
    return {};
  }

  getUploadLimits() {
    return Promise.resolve({ maxSizeBytes: String(this.uploads.maxSizeBytes) });
  }
}
