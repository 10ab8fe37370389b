import { dataSources } from '@aimass/contracts';
import type { Split, SplitCuts, SplitStrategy } from './split.entity.js';
import { splitRatiosInvalid } from './splits.errors.js';
import type { SplitRequest } from './splits.service.js';

const STRATEGIES = {
  random: dataSources.SplitStrategy.RANDOM,
  stratified: dataSources.SplitStrategy.STRATIFIED,
  time: dataSources.SplitStrategy.TIME,
  group: dataSources.SplitStrategy.GROUP,
} as const satisfies Record<SplitStrategy, dataSources.SplitStrategy>;

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
    strategy: STRATEGIES[split.strategy],
    column: split.columnName,
    cuts: toCutsProto(split.cuts),
    preprocessingSha256: split.preprocessingSha256,
  };
}

/** Throws `invalid` when the ratios are missing. */
export function toSplitRequest(request: dataSources.CreateSplitRequest): SplitRequest {
  const { organizationId, requestId, dataset, number, ratios, seed } = request;
  if (!ratios) throw splitRatiosInvalid('The split ratios are missing. Give train, validation and test.');
  return { organizationId, requestId, dataset, number, ratios, seed };
}

function toCutsProto({ validationFrom, testFrom }: SplitCuts): dataSources.SplitCuts | undefined {
  if (validationFrom === undefined && testFrom === undefined) return undefined;
  const toDate = (text: string | undefined) => (text === undefined ? undefined : new Date(text));
  return { validationFrom: toDate(validationFrom), testFrom: toDate(testFrom) };
}
