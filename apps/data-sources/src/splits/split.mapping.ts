import { dataSources } from '@aimass/contracts';
import type { Split } from './split.entity.js';
import { splitRatiosInvalid } from './splits.errors.js';
import type { SplitRequest } from './splits.service.js';

export function toSplitProto(split: Split): dataSources.Split {
  const { id, datasetVersionId, train, validation, test, seed, createdAt } = split;
  const parts = split.parts.map(({ name, rowCount, sha256, sizeBytes }) => ({
    name,
    rowCount: String(rowCount),
    sha256,
    sizeBytes: String(sizeBytes),
  }));
  return {
    id,
    datasetVersionId,
    ratios: { train, validation, test },
    seed,
    parts,
    createdAt,
    strategy: dataSources.SplitStrategy.RANDOM,
    column: '',
    cuts: undefined,
    preprocessingSha256: '',
  };
}

/** Throws `invalid` when the ratios are missing. */
export function toSplitRequest(request: dataSources.CreateSplitRequest): SplitRequest {
  const { organizationId, requestId, dataset, number, ratios, seed } = request;
  if (!ratios) throw splitRatiosInvalid('The split ratios are missing. Give train, validation and test.');
  return { organizationId, requestId, dataset, number, ratios, seed };
}
