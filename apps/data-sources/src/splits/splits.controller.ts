import { datasetVersions, splits } from '@aimass/contracts';
import { GrpcController } from '@aimass/platform-grpc';
import type { GrpcHandlers } from '@aimass/platform-grpc';
import { toMembershipFormat } from './split.mapping.js';
import { SplitsService } from './splits.service.js';

const MEDIA_TYPES = {
  parquet: 'application/vnd.apache.parquet',
  csv: 'text/csv; charset=utf-8; header=present',
} as const;

/** gRPC: what a split is made of, row by row. */
@GrpcController(splits.SplitsServiceService)
export class SplitsController implements GrpcHandlers<typeof splits.SplitsServiceService> {
  constructor(private readonly splits: SplitsService) {}

  async *exportSplitMembership({
    organizationId,
    splitId,
    format,
  }: splits.ExportSplitMembershipRequest): AsyncGenerator<splits.ExportSplitMembershipResponse> {
    const wanted = toMembershipFormat(format);
    const { name, chunks } = await this.splits.membership(organizationId, splitId, wanted);
    const value = datasetVersions.DownloadHeader.fromPartial({
      mediaType: MEDIA_TYPES[wanted],
      filename: name,
    });
    yield { part: { $case: 'header', value } };
    for await (const chunk of chunks) yield { part: { $case: 'chunk', value: chunk } };
  }
}
