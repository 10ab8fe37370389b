import { Body, Controller, Inject, Param, Query } from '@nestjs/common';
import { dataSources } from '@aimass/contracts';
import { Caller, IdempotencyKey, pageQuery, pathNumber } from '../../http/parameters.js';
import type { PageQuery } from '../../http/parameters.js';
import { present } from '../../http/present.js';
import { Route } from '../../http/route.js';
import type { AuthenticatedKey } from '../../identity/key-directory.js';
import { DATA_SOURCES } from '../../peers.js';
import type { DataSourcesClient } from '../../peers.js';
import { previewQuery } from './datasets.schema.js';
import type { PreviewQuery } from './datasets.schema.js';
import { createSplitBody } from './splits.schema.js';
import type { CreateSplitBody } from './splits.schema.js';

/** Ten million rows on a small machine. */
const SPLIT = { deadlineMs: 300_000 };

const STRATEGIES = {
  random: dataSources.SplitStrategy.RANDOM,
  stratified: dataSources.SplitStrategy.STRATIFIED,
  time: dataSources.SplitStrategy.TIME,
  group: dataSources.SplitStrategy.GROUP,
} as const;

/** The rows of a dataset version: a look at them, and their splits. */
@Controller()
export class SplitsController {
  constructor(@Inject(DATA_SOURCES) private readonly dataSources: DataSourcesClient) {}

  @Route({
    method: 'get',
    path: '/datasets/:dataset/versions/:number/preview',
    summary: 'Some rows, as text and as JSON values; the first ones unless told',
    allow: 'read',
    query: previewQuery,
    response: 'aimass.data_sources.v1.PreviewDatasetVersionResponse',
  })
  async preview(
    @Caller() { organizationId }: AuthenticatedKey,
    @Param('dataset') dataset: string,
    @Param('number') number: string,
    @Query() query: PreviewQuery,
  ) {
    const { limit, offset } = query;
    const request = { organizationId, dataset, number: pathNumber(number), limit, offset: String(offset) };
    return dataSources.PreviewDatasetVersionResponse.toJSON(
      await this.dataSources.previewDatasetVersion(request),
    );
  }

  @Route({
    method: 'post',
    path: '/datasets/:dataset/versions/:number/splits',
    summary: 'Split a version into train, validation and test',
    allow: 'develop',
    body: createSplitBody,
    response: 'aimass.data_sources.v1.Split',
    status: 201,
  })
  async create(
    @Caller() { organizationId }: AuthenticatedKey,
    @Param() path: { dataset: string; number: string },
    @IdempotencyKey() requestId: string,
    @Body() body: CreateSplitBody,
  ) {
    const { dataset, number } = path;
    const { split } = await this.dataSources.createSplit(
      {
        organizationId,
        requestId,
        dataset,
        number: pathNumber(number),
        ratios: body.ratios,
        seed: String(body.seed),
        strategy: STRATEGIES[body.strategy],
        column: body.column ?? '',
        cuts: body.cuts && toCuts(body.cuts),
      },
      SPLIT,
    );
    return dataSources.Split.toJSON(present(split));
  }

  @Route({
    method: 'get',
    path: '/datasets/:dataset/versions/:number/splits',
    summary: "List a version's splits",
    allow: 'read',
    query: pageQuery,
    response: 'aimass.data_sources.v1.ListSplitsResponse',
  })
  async list(
    @Caller() { organizationId }: AuthenticatedKey,
    @Param('dataset') dataset: string,
    @Param('number') number: string,
    @Query() page: PageQuery,
  ) {
    const response = await this.dataSources.listSplits({
      organizationId,
      dataset,
      number: pathNumber(number),
      ...page,
    });
    return dataSources.ListSplitsResponse.toJSON(response);
  }
}

function toCuts({ validationFrom, testFrom }: NonNullable<CreateSplitBody['cuts']>): dataSources.SplitCuts {
  const toDate = (text: string | undefined) => (text === undefined ? undefined : new Date(text));
  return { validationFrom: toDate(validationFrom), testFrom: toDate(testFrom) };
}
