import { datasetVersions } from '@aimass/contracts';
import type { ColumnStatistics } from '../datasets/dataset-version.entity.js';
import { toColumnProto } from '../datasets/dataset.mapping.js';
import { canonicalJson } from '../datasets/version-digest.js';
import type { VersionDiff } from './diffs.service.js';

export function toDiffProto({
  after,
  before,
  table,
}: VersionDiff): datasetVersions.DiffDatasetVersionsResponse {
  const earlier = new Map(before.columns.map((column) => [column.name, column]));
  const now = new Set(after.columns.map(({ name }) => name));
  const removed = before.columns.filter(({ name }) => !now.has(name));
  return {
    against: before.number,
    columns: [
      ...after.columns.map((column) =>
        toColumnDiff(column, earlier.get(column.name), table.stability.get(column.name)),
      ),
      ...removed.map((column) => toColumnDiff(undefined, column, undefined)),
    ],
    addedRowCount: String(table.added),
    removedRowCount: String(table.removed),
    keptRowCount: String(table.kept),
    sampleColumns: [...table.comparedColumns],
    addedSamples: table.addedRows.map((values) => ({ values: [...values] })),
    removedSamples: table.removedRows.map((values) => ({ values: [...values] })),
    rowCount: after.rowCount,
    againstRowCount: before.rowCount,
  };
}

function toColumnDiff(
  after: ColumnStatistics | undefined,
  before: ColumnStatistics | undefined,
  stabilityIndex: number | undefined,
): datasetVersions.ColumnDiff {
  return {
    name: after?.name ?? before?.name ?? '',
    change: changeOf(after, before),
    after: after && toColumnProto(after),
    before: before && toColumnProto(before),
    stabilityIndex,
  };
}

function changeOf(
  after: ColumnStatistics | undefined,
  before: ColumnStatistics | undefined,
): datasetVersions.ColumnChange {
  if (!before) return datasetVersions.ColumnChange.ADDED;
  if (!after) return datasetVersions.ColumnChange.REMOVED;
  if (after.kind !== before.kind) return datasetVersions.ColumnChange.RETYPED;
  const isSame = canonicalJson(after) === canonicalJson(before);
  return isSame ? datasetVersions.ColumnChange.SAME : datasetVersions.ColumnChange.CHANGED;
}
