import type { datasetVersions } from '@aimass/contracts';
import type { DatasetVersion, Lineage } from '../datasets/dataset-version.entity.js';
import type { LineageChild } from './lineages.service.js';

export function toLineageProto(
  version: DatasetVersion,
  children: readonly LineageChild[],
): datasetVersions.GetDatasetVersionLineageResponse {
  const { kind, location, sourceId, uploadId, parentVersionId, fetchedSha256, files, fetchedAt } =
    version.lineage ?? lineageOfUpload(version);
  return {
    kind,
    location,
    sourceId: sourceId ?? '',
    syncId: version.syncId ?? '',
    uploadId: uploadId ?? '',
    parentVersionId: parentVersionId ?? '',
    fetchedSha256,
    files: files.map((file) => ({ ...file })),
    fetchedAt: new Date(fetchedAt),
    recipeJson: JSON.stringify(version.recipe),
    manifestDigest: version.manifestDigest,
    children: children.map((child) => ({ ...child })),
  };
}

/** A version older than syncs knows its upload only. */
function lineageOfUpload({ uploadId, fetchedSha256, createdAt }: DatasetVersion): Lineage {
  return {
    kind: 'upload',
    location: '',
    sourceId: null,
    uploadId,
    parentVersionId: null,
    fetchedSha256,
    files: [],
    fetchedAt: createdAt.toISOString(),
  };
}
