import { Body, Controller, Inject, Param, Query } from '@nestjs/common';
import { sources, syncs } from '@aimass/contracts';
import { Caller, IdempotencyKey, IfMatch, pageQuery } from '../../http/parameters.js';
import type { PageQuery } from '../../http/parameters.js';
import { present } from '../../http/present.js';
import { Route } from '../../http/route.js';
import type { AuthenticatedKey } from '../../identity/key-directory.js';
import { SOURCES, SYNCS } from '../../peers.js';
import type { SourcesClient, SyncsClient } from '../../peers.js';
import { acceptedSync } from '../syncs/accepted-sync.js';
import { expectedRevision, toNewSource, toSourceChange } from './source-requests.js';
import { createSourceBody, updateSourceBody } from './sources.schema.js';
import type { CreateSourceBody, UpdateSourceBody } from './sources.schema.js';

/** Longer than data-sources gives a server to say what it has. */
const CHECK = { deadlineMs: 40_000 };

/** Where data comes from, again and again. */
@Controller()
export class SourcesController {
  constructor(
    @Inject(SOURCES) private readonly sources: SourcesClient,
    @Inject(SYNCS) private readonly syncs: SyncsClient,
  ) {}

  @Route({
    method: 'post',
    path: '/sources',
    summary: 'Make a source; nothing is read yet',
    allow: 'develop',
    body: createSourceBody,
    response: 'aimass.data_sources.v1.Source',
    status: 201,
  })
  async create(
    @Caller() { organizationId }: AuthenticatedKey,
    @IdempotencyKey() requestId: string,
    @Body() body: CreateSourceBody,
  ) {
    const request = { organizationId, requestId, ...toNewSource(body) };
    const { source } = await this.sources.createSource(request);
    return sources.Source.toJSON(present(source));
  }

  @Route({
    method: 'get',
    path: '/sources',
    summary: 'List sources',
    allow: 'read',
    query: pageQuery,
    response: 'aimass.data_sources.v1.ListSourcesResponse',
  })
  async list(@Caller() { organizationId }: AuthenticatedKey, @Query() page: PageQuery) {
    return sources.ListSourcesResponse.toJSON(await this.sources.listSources({ organizationId, ...page }));
  }

  @Route({
    method: 'get',
    path: '/sources/:source',
    summary: 'Get a source by id or name',
    allow: 'read',
    response: 'aimass.data_sources.v1.Source',
  })
  async get(@Caller() { organizationId }: AuthenticatedKey, @Param('source') name: string) {
    const { source } = await this.sources.getSource({ organizationId, source: name });
    return sources.Source.toJSON(present(source));
  }

  @Route({
    method: 'patch',
    path: '/sources/:source',
    summary: 'Change a source; If-Match takes its revision',
    allow: 'develop',
    body: updateSourceBody,
    response: 'aimass.data_sources.v1.Source',
  })
  async update(
    @Caller() { organizationId }: AuthenticatedKey,
    @Param('source') name: string,
    @IfMatch() etag: string,
    @Body() body: UpdateSourceBody,
  ) {
    const { source } = await this.sources.updateSource({
      organizationId,
      source: name,
      expectedRevision: expectedRevision(etag),
      ...toSourceChange(body),
    });
    return sources.Source.toJSON(present(source));
  }

  @Route({
    method: 'delete',
    path: '/sources/:source',
    summary: 'Remove a source and its credentials; its datasets stay',
    allow: 'develop',
    status: 204,
  })
  async delete(@Caller() { organizationId }: AuthenticatedKey, @Param('source') source: string) {
    await this.sources.deleteSource({ organizationId, source });
  }

  @Route({
    method: 'post',
    path: '/sources/:source:sync',
    summary: 'Start a sync, or get the one that is under way',
    allow: 'develop',
    response: 'aimass.data_sources.v1.Sync',
    status: 202,
  })
  async sync(
    @Caller() { organizationId }: AuthenticatedKey,
    @Param('source') source: string,
    @IdempotencyKey() requestId: string,
  ) {
    const { sync } = await this.sources.syncSource({ organizationId, requestId, source });
    return acceptedSync(present(sync));
  }

  @Route({
    method: 'post',
    path: '/sources/:source:check',
    summary: 'Connect and say what a sync would read; changes nothing',
    allow: 'develop',
    response: 'aimass.data_sources.v1.CheckSourceResponse',
  })
  async check(@Caller() { organizationId }: AuthenticatedKey, @Param('source') source: string) {
    return sources.CheckSourceResponse.toJSON(
      await this.sources.checkSource({ organizationId, source }, CHECK),
    );
  }

  @Route({
    method: 'get',
    path: '/sources/:source/syncs',
    summary: "List a source's syncs, oldest first",
    allow: 'read',
    query: pageQuery,
    response: 'aimass.data_sources.v1.ListSyncsResponse',
  })
  async listSyncs(
    @Caller() { organizationId }: AuthenticatedKey,
    @Param('source') name: string,
    @Query() page: PageQuery,
  ) {
    const { source } = await this.sources.getSource({ organizationId, source: name });
    const sourceId = present(source).id;
    return syncs.ListSyncsResponse.toJSON(await this.syncs.listSyncs({ organizationId, sourceId, ...page }));
  }
}
