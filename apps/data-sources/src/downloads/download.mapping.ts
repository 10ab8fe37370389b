import { datasetVersions } from '@aimass/contracts';
import type { DatasetVersion } from '../datasets/dataset-version.entity.js';
import { downloadRangeInvalid } from './downloads.errors.js';
import type { ByteRange, ConvertedFormat } from './downloads.service.js';

const { DownloadFormat } = datasetVersions;

const MEDIA_TYPES = {
  parquet: 'application/vnd.apache.parquet',
  csv: 'text/csv; charset=utf-8; header=present',
  arrow: 'application/vnd.apache.arrow.stream',
} as const;

/** What is to be sent: the snapshot, or the rows in another format. */
export function toFormat(format: datasetVersions.DownloadFormat): ConvertedFormat | 'parquet' {
  if (format === DownloadFormat.CSV) return 'csv';
  return format === DownloadFormat.ARROW ? 'arrow' : 'parquet';
}

/** Throws `download_range_invalid` for parts of anything but the snapshot. */
export function toRange(
  { startByte, endByte }: datasetVersions.DownloadDatasetVersionRequest,
  format: ConvertedFormat | 'parquet',
  { sizeBytes }: DatasetVersion,
): ByteRange {
  const range = { start: Number(startByte), end: Number(endByte) };
  if (format !== 'parquet' && (range.start > 0 || range.end > 0)) throw downloadRangeInvalid(sizeBytes);
  return range;
}

export function toDownloadHeader(
  { datasetName, number, sha256, sizeBytes }: DatasetVersion,
  format: ConvertedFormat | 'parquet',
): datasetVersions.DownloadHeader {
  const isSnapshot = format === 'parquet';
  return {
    mediaType: MEDIA_TYPES[format],
    filename: `${datasetName}-${number}.${format}`,
    sizeBytes: isSnapshot ? sizeBytes : undefined,
    sha256: isSnapshot ? sha256 : '',
  };
}
