import type { dataSources } from '@aimass/contracts';
import { toDatasetVersionProto } from '../datasets/dataset.mapping.js';
import type { ImportOutcome, ImportRequest } from './imports.service.js';
import { toSyncProto } from './sync.mapping.js';

/** The request as the service takes it. What is not given is left out: a repeat is told by what is there. */
export function toImportRequest(
  request: dataSources.CreateDatasetRequest | dataSources.CreateDatasetVersionRequest,
): ImportRequest {
  const { organizationId, requestId, uploadId, recipeJson, derivedFrom } = request;
  return {
    organizationId,
    requestId,
    dataset: 'name' in request ? request.name : request.dataset,
    uploadId,
    ...(recipeJson === '' ? {} : { recipeJson }),
    ...(derivedFrom ? { derivedFrom } : {}),
  };
}

export function toImportResponse(outcome: ImportOutcome): dataSources.CreateDatasetVersionResponse {
  return 'sync' in outcome
    ? { version: undefined, sync: toSyncProto(outcome.sync) }
    : { version: toDatasetVersionProto(outcome.version), sync: undefined };
}
