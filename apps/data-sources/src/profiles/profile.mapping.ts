import type { datasetVersions } from '@aimass/contracts';
import type { DatasetVersion } from '../datasets/dataset-version.entity.js';
import { toColumnProto } from '../datasets/dataset.mapping.js';
import type { StoredSpreads } from '../quality/inspect-table.js';
import type { ColumnSpread } from './spread.js';

const UNMEASURED: Omit<ColumnSpread, 'name'> = {
  histogram: [],
  topValues: [],
  otherCount: 0,
  nanCount: 0,
  infiniteCount: 0,
  lengths: null,
  isChoiceSampled: false,
};

/** Without spreads, the statistics of a version that is older than they are. */
export function toProfileProto(
  { columns, rowCount }: DatasetVersion,
  spreads: StoredSpreads | null,
): datasetVersions.GetDatasetVersionProfileResponse {
  const byName = new Map(spreads?.columns.map((spread) => [spread.name, spread]));
  return {
    columns: columns.map((column) => {
      const spread = byName.get(column.name) ?? UNMEASURED;
      return {
        column: toColumnProto(column),
        histogram: spread.histogram.map(({ lower, upper, count }) => ({
          lower,
          upper,
          count: String(count),
        })),
        topValues: spread.topValues.map(({ value, count }) => ({ value, count: String(count) })),
        otherCount: String(spread.otherCount),
        nanCount: String(spread.nanCount),
        infiniteCount: String(spread.infiniteCount),
        lengths: spread.lengths
          ? { min: String(spread.lengths.min), max: String(spread.lengths.max), mean: spread.lengths.mean }
          : undefined,
        isChoiceSampled: spread.isChoiceSampled,
      };
    }),
    rowCount,
  };
}
