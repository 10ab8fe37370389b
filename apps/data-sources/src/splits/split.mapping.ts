import { dataSources, datasetVersions } from '@aimass/contracts';
import type { SplitChoice, SplitCuts, SplitStrategy } from './split-choice.js';
import type { MembershipFormat } from './split-tables.js';
import type { Split } from './split.entity.js';
import { splitChoiceInvalid, splitRatiosInvalid } from './splits.errors.js';
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
    ratios: 'ratios' in split.choice ? { train, validation, test } : undefined,
    seed,
    parts,
    createdAt,
    strategy: STRATEGIES[split.strategy],
    column: split.columnName,
    cuts: toCutsProto(split.cuts),
    preprocessingSha256: split.preprocessingSha256,
  };
}

/** Throws `invalid` when what the strategy needs is missing, or something is given that it has no use for. */
export function toSplitRequest(request: dataSources.CreateSplitRequest): SplitRequest {
  const { organizationId, requestId, dataset, number } = request;
  return { organizationId, requestId, dataset, number, choice: toChoice(request) };
}

/** Throws `invalid` for a format in which membership is not sent. */
export function toMembershipFormat(format: datasetVersions.DownloadFormat): MembershipFormat {
  const { DownloadFormat } = datasetVersions;
  if (format === DownloadFormat.CSV) return 'csv';
  if (format === DownloadFormat.PARQUET || format === DownloadFormat.UNSPECIFIED) return 'parquet';
  throw splitChoiceInvalid('format', 'Membership is sent as Parquet or CSV.');
}

function toChoice(request: dataSources.CreateSplitRequest): SplitChoice {
  const { strategy, column, seed, cuts } = request;
  if (strategy === dataSources.SplitStrategy.TIME) return toTimeChoice(request);
  if (cuts) throw splitChoiceInvalid('cuts', 'Only a split by time is cut by points in time.');
  const ratios = requireRatios(request);
  if (strategy === dataSources.SplitStrategy.STRATIFIED || strategy === dataSources.SplitStrategy.GROUP) {
    const name = strategy === dataSources.SplitStrategy.GROUP ? 'group' : 'stratified';
    return { strategy: name, column: requireColumn(column, name), ratios, seed };
  }
  if (column !== '') throw splitChoiceInvalid('column', 'A random split has no use for a column.');
  return { strategy: 'random', ratios, seed };
}

function toTimeChoice(request: dataSources.CreateSplitRequest): SplitChoice {
  const column = requireColumn(request.column, 'time');
  if (!request.cuts) return { strategy: 'time', column, ratios: requireRatios(request) };
  if (request.ratios) throw splitChoiceInvalid('cuts', 'Give either ratios or cuts, not both.');
  const { validationFrom, testFrom } = request.cuts;
  return {
    strategy: 'time',
    column,
    cuts: {
      ...(validationFrom && { validationFrom: validationFrom.toISOString() }),
      ...(testFrom && { testFrom: testFrom.toISOString() }),
    },
  };
}

function requireRatios({ ratios }: dataSources.CreateSplitRequest): dataSources.SplitRatios {
  if (!ratios) throw splitRatiosInvalid('The split ratios are missing. Give train, validation and test.');
  return ratios;
}

function requireColumn(column: string, strategy: SplitStrategy): string {
  if (column !== '') return column;
  throw splitChoiceInvalid('column', `The strategy "${strategy}" needs the name of a column.`);
}

function toCutsProto({ validationFrom, testFrom }: SplitCuts): dataSources.SplitCuts | undefined {
  if (validationFrom === undefined && testFrom === undefined) return undefined;
  const toDate = (text: string | undefined) => (text === undefined ? undefined : new Date(text));
  return { validationFrom: toDate(validationFrom), testFrom: toDate(testFrom) };
}
