import { Controller, Headers, Inject, Param, Query, Res } from '@nestjs/common';
import { training } from '@aimass/contracts';
import { toDomainError } from '@aimass/platform-errors';
import type { FastifyReply } from 'fastify';
import { Readable } from 'node:stream';
import { Caller } from '../../http/parameters.js';
import { present } from '../../http/present.js';
import { Route } from '../../http/route.js';
import type { AuthenticatedKey } from '../../identity/key-directory.js';
import { TRAINING } from '../../peers.js';
import type { TrainingClient } from '../../peers.js';
import { metricsQuery } from './jobs.schema.js';
import type { MetricsQuery } from './jobs.schema.js';

/** A job may be followed this long before its reader must resume. */
const WATCH_DEADLINE_MS = 3_600_000;

/** What a job says while it runs, and leaves when it is done. */
@Controller()
export class JobResultsController {
  constructor(@Inject(TRAINING) private readonly training: TrainingClient) {}

  @Route({
    method: 'get',
    path: '/jobs/:id/metrics',
    summary: 'Metric points',
    allow: 'read',
    query: metricsQuery,
    response: 'aimass.training.v1.ListJobMetricsResponse',
  })
  async metrics(
    @Caller() { organizationId }: AuthenticatedKey,
    @Param('id') jobId: string,
    @Query() query: MetricsQuery,
  ) {
    return training.ListJobMetricsResponse.toJSON(
      await this.training.listJobMetrics({ organizationId, jobId, ...query }),
    );
  }

  @Route({
    method: 'get',
    path: '/jobs/:id/logs',
    summary: "The trainer's log",
    allow: 'read',
    produces: 'text/plain',
  })
  async logs(
    @Caller() { organizationId }: AuthenticatedKey,
    @Param('id') jobId: string,
    @Res() reply: FastifyReply,
  ) {
    const { text } = await this.training.getJobLogs({ organizationId, jobId });
    return reply.type('text/plain; charset=utf-8').send(text);
  }

  @Route({
    method: 'get',
    path: '/jobs/:id/report',
    summary: 'The report of a succeeded job',
    allow: 'read',
    response: { type: 'object' },
  })
  async report(@Caller() { organizationId }: AuthenticatedKey, @Param('id') jobId: string) {
    const { reportJson, plots } = await this.training.getJobReport({ organizationId, jobId });
    return { ...(JSON.parse(reportJson) as object), plots };
  }

  @Route({
    method: 'get',
    path: '/jobs/:id/plots/:name',
    summary: 'A plot, such as fit.svg or loss.svg',
    allow: 'read',
    produces: 'image/svg+xml',
  })
  async plot(
    @Caller() { organizationId }: AuthenticatedKey,
    @Param() path: { id: string; name: string },
    @Res() reply: FastifyReply,
  ) {
    const name = path.name.replace(/\.svg$/, '');
    const { svg } = await this.training.getJobPlot({ organizationId, jobId: path.id, name });
    return reply.type('image/svg+xml').send(svg);
  }

  @Route({
    method: 'get',
    path: '/jobs/:id/events',
    summary: "Follow a job: server-sent events; Last-Event-ID resumes after a metric point's sequence",
    allow: 'read',
    produces: 'text/event-stream',
  })
  async events(
    @Caller() { organizationId }: AuthenticatedKey,
    @Param('id') jobId: string,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Res() reply: FastifyReply,
  ) {
    // An unknown job must answer 404, which it cannot once the stream has begun.
    await this.training.getJob({ organizationId, jobId });
    const afterSequence = /^\d{1,18}$/.test(lastEventId ?? '') ? String(lastEventId) : '0';
    const abort = new AbortController();
    reply.raw.on('close', () => abort.abort());
    const changes = this.training.watchJob(
      { organizationId, jobId, afterSequence },
      { deadlineMs: WATCH_DEADLINE_MS, signal: abort.signal },
    );
    return reply
      .header('cache-control', 'no-store')
      .type('text/event-stream')
      .send(Readable.from(serverSentEvents(changes)));
  }
}

/** https://html.spec.whatwg.org/multipage/server-sent-events.html */
async function* serverSentEvents(changes: AsyncIterable<training.WatchJobResponse>): AsyncIterable<string> {
  let sequence = '0';
  try {
    for await (const change of changes) {
      for (const point of change.points) {
        sequence = point.sequence;
        yield `event: metric\nid: ${sequence}\ndata: ${JSON.stringify(training.MetricPoint.toJSON(point))}\n\n`;
      }
      yield `event: job\nid: ${sequence}\ndata: ${JSON.stringify(training.Job.toJSON(present(change.job)))}\n\n`;
    }
  } catch (error) {
    const { code, message } = toDomainError(error);
    yield `event: error\ndata: ${JSON.stringify({ code, message })}\n\n`;
  }
}
