import { Controller, Inject, Param, Query } from '@nestjs/common';
import { syncs } from '@aimass/contracts';
import { Caller, pageQuery } from '../../http/parameters.js';
import type { PageQuery } from '../../http/parameters.js';
import { present } from '../../http/present.js';
import { Route } from '../../http/route.js';
import type { AuthenticatedKey } from '../../identity/key-directory.js';
import { SYNCS } from '../../peers.js';
import type { SyncsClient } from '../../peers.js';

/** Imports under way and done. */
@Controller()
export class SyncsController {
  constructor(@Inject(SYNCS) private readonly syncs: SyncsClient) {}

  @Route({
    method: 'get',
    path: '/syncs',
    summary: 'List syncs',
    allow: 'read',
    query: pageQuery,
    response: 'aimass.data_sources.v1.ListSyncsResponse',
  })
  async list(@Caller() { organizationId }: AuthenticatedKey, @Query() page: PageQuery) {
    const response = await this.syncs.listSyncs({ organizationId, sourceId: '', ...page });
    return syncs.ListSyncsResponse.toJSON(response);
  }

  @Route({
    method: 'get',
    path: '/syncs/:sync',
    summary: 'Get a sync',
    allow: 'read',
    response: 'aimass.data_sources.v1.Sync',
  })
  async get(@Caller() { organizationId }: AuthenticatedKey, @Param('sync') syncId: string) {
    const { sync } = await this.syncs.getSync({ organizationId, syncId });
    return syncs.Sync.toJSON(present(sync));
  }

  @Route({
    method: 'post',
    path: '/syncs/:sync:cancel',
    summary: 'Cancel a sync: it leaves nothing behind',
    allow: 'develop',
    response: 'aimass.data_sources.v1.Sync',
  })
  async cancel(@Caller() { organizationId }: AuthenticatedKey, @Param('sync') syncId: string) {
    const { sync } = await this.syncs.cancelSync({ organizationId, syncId });
    return syncs.Sync.toJSON(present(sync));
  }
}
