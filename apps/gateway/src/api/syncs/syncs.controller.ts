import { Readable } from 'node:stream';
import { Controller, Inject, Param, Query, Res } from '@nestjs/common';
import { syncs } from '@aimass/contracts';
import { toDomainError } from '@aimass/platform-errors';
import type { FastifyReply } from 'fastify';
import { Caller, pageQuery } from '../../http/parameters.js';
import type { PageQuery } from '../../http/parameters.js';
import { present } from '../../http/present.js';
import { Route } from '../../http/route.js';
import type { AuthenticatedKey } from '../../identity/key-directory.js';
import { SYNCS } from '../../peers.js';
import type { SyncsClient } from '../../peers.js';

/** As long as the longest import that anybody would watch. */
const WATCH_DEADLINE_MS = 3_600_000;

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
    method: 'get',
    path: '/syncs/:sync/events',
    summary: 'Follow a sync: server-sent events until it has ended, the first one as it is',
    allow: 'read',
    produces: 'text/event-stream',
  })
  async events(
    @Caller() { organizationId }: AuthenticatedKey,
    @Param('sync') syncId: string,
    @Res() reply: FastifyReply,
  ) {
    // An unknown sync must answer 404, which it cannot once the stream has begun.
    await this.syncs.getSync({ organizationId, syncId });
    const abort = new AbortController();
    reply.raw.on('close', () => abort.abort());
    const options = { deadlineMs: WATCH_DEADLINE_MS, signal: abort.signal };
    const changes = this.syncs.watchSync({ organizationId, syncId }, options);
    return reply
      .header('cache-control', 'no-store')
      .type('text/event-stream')
      .send(Readable.from(serverSentEvents(changes)));
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

/** https://html.spec.whatwg.org/multipage/server-sent-events.html; every event says all, so that none has to be resumed. */
async function* serverSentEvents(changes: AsyncIterable<syncs.WatchSyncResponse>): AsyncIterable<string> {
  try {
    for await (const { sync } of changes) {
      yield `event: sync\ndata: ${JSON.stringify(syncs.Sync.toJSON(present(sync)))}\n\n`;
    }
  } catch (error) {
    const { code, message } = toDomainError(error);
    yield `event: error\ndata: ${JSON.stringify({ code, message })}\n\n`;
  }
}
