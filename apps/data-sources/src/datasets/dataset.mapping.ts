import { dataSources } from '@aimass/contracts';
import type { TablePreview } from '../tables/table.js';
import type { QualityReport } from '../quality/finding.js';
import type { ColumnStatistics, DatasetKind, DatasetVersion } from './dataset-version.entity.js';
import type { Dataset } from './dataset.entity.js';

const TYPES = {
  DOUBLE: dataSources.ColumnType.DOUBLE,
  BIGINT: dataSources.ColumnType.INTEGER,
  BOOLEAN: dataSources.ColumnType.BOOLEAN,
  VARCHAR: dataSources.ColumnType.TEXT,
  INTEGER: dataSources.ColumnType.INTEGER,
  BLOB: dataSources.ColumnType.BINARY,
  LIST: dataSources.ColumnType.LIST,
  DATE: dataSources.ColumnType.TIMESTAMP,
  TIMESTAMP: dataSources.ColumnType.TIMESTAMP,
} as const satisfies Record<ColumnStatistics['kind'], dataSources.ColumnType>;

const KINDS = {
  table: dataSources.DatasetKind.TABLE,
  images: dataSources.DatasetKind.IMAGES,
  tensors: dataSources.DatasetKind.TENSORS,
} as const satisfies Record<DatasetKind, dataSources.DatasetKind>;

export function toDatasetProto(dataset: Dataset): dataSources.Dataset {
  const { id, name, latestVersion, createdAt } = dataset;
  return { id, name, latestVersion, createdAt };
}

export function toDatasetVersionProto(version: DatasetVersion): dataSources.DatasetVersion {
  const {
    id,
    datasetId,
    datasetName,
    number,
    rowCount,
    droppedRowCount,
    sha256,
    sizeBytes,
    uploadId,
    createdAt,
  } = version;
  const columns = version.columns.map(toColumnProto);
  return {
    id,
    datasetId,
    datasetName,
    number,
    rowCount,
    droppedRowCount,
    columns,
    sha256,
    sizeBytes,
    uploadId: uploadId ?? '',
    createdAt,
    kind: KINDS[version.kind],
    recipeJson: JSON.stringify(version.recipe),
    manifestDigest: version.manifestDigest,
    syncId: version.syncId ?? '',
    quality: version.quality ? toQualitySummary(version.quality) : undefined,
  };
}

export function toPreviewProto(preview: TablePreview): dataSources.PreviewDatasetVersionResponse {
  return {
    columns: [...preview.columns],
    rows: preview.rows.map((values) => ({ values: [...values] })),
    typedRows: preview.typedRows.map((values) => [...values]),
  };
}

/** A column with its statistics. */
export function toColumnProto(column: ColumnStatistics): dataSources.Column {
  return {
    name: column.name,
    type: TYPES[column.kind],
    nullCount: String(column.nullCount),
    distinctCount: String(column.distinctCount),
    min: column.min ?? undefined,
    max: column.max ?? undefined,
    mean: column.mean ?? undefined,
    standardDeviation: column.standardDeviation ?? undefined,
    quartiles: [...column.quartiles],
    storedType: column.kind,
    tensor: column.tensor && { datatype: column.tensor.datatype, shape: [...column.tensor.shape] },
  };
}

function toQualitySummary({ findings }: QualityReport): dataSources.QualitySummary {
  const count = (severity: string) => findings.filter((finding) => finding.severity === severity).length;
  return { errorCount: count('error'), warningCount: count('warning'), infoCount: count('info') };
}
