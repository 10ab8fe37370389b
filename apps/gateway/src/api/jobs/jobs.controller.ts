import { Body, Controller, Inject, Param, Query } from '@nestjs/common';
import { training } from '@aimass/contracts';
import { Caller, IdempotencyKey, pageQuery } from '../../http/parameters.js';
import type { PageQuery } from '../../http/parameters.js';
import { present } from '../../http/present.js';
import { Route } from '../../http/route.js';
import type { AuthenticatedKey } from '../../identity/key-directory.js';
import { TRAINING } from '../../peers.js';
import type { TrainingClient } from '../../peers.js';
import { createJobBody, toHyperparameters } from './jobs.schema.js';
import type { CreateJobBody } from './jobs.schema.js';

/** Training jobs. */
@Controller()
export class JobsController {
  constructor(@Inject(TRAINING) private readonly training: TrainingClient) {}

  @Route({
    method: 'get',
    path: '/algorithms',
    summary: 'The built-in algorithms and their hyperparameters',
    allow: 'read',
    response: 'aimass.training.v1.ListAlgorithmsResponse',
  })
  async algorithms() {
    return training.ListAlgorithmsResponse.toJSON(await this.training.listAlgorithms({}));
  }

  @Route({
    method: 'post',
    path: '/jobs',
    summary: 'Start a training job',
    allow: 'develop',
    body: createJobBody,
    response: 'aimass.training.v1.Job',
    status: 202,
  })
  async create(
    @Caller() { organizationId }: AuthenticatedKey,
    @IdempotencyKey() requestId: string,
    @Body() body: CreateJobBody,
  ) {
    const { algorithm, splitId } = body;
    const hyperparameters = toHyperparameters(body.hyperparameters);
    const output = { model: body.output.model, alias: body.output.alias ?? '' };
    const { job } = await this.training.createJob({
      organizationId,
      requestId,
      algorithm,
      splitId,
      hyperparameters,
      output,
    });
    return training.Job.toJSON(present(job));
  }

  @Route({
    method: 'get',
    path: '/jobs',
    summary: 'List jobs',
    allow: 'read',
    query: pageQuery,
    response: 'aimass.training.v1.ListJobsResponse',
  })
  async list(@Caller() { organizationId }: AuthenticatedKey, @Query() page: PageQuery) {
    return training.ListJobsResponse.toJSON(await this.training.listJobs({ organizationId, ...page }));
  }

  @Route({
    method: 'get',
    path: '/jobs/:id',
    summary: 'Get a job',
    allow: 'read',
    response: 'aimass.training.v1.Job',
  })
  async get(@Caller() { organizationId }: AuthenticatedKey, @Param('id') jobId: string) {
    return training.Job.toJSON(present((await this.training.getJob({ organizationId, jobId })).job));
  }

  @Route({
    method: 'post',
    path: '/jobs/:id:cancel',
    summary: 'Stop a job',
    allow: 'develop',
    response: 'aimass.training.v1.Job',
    status: 202,
  })
  async cancel(@Caller() { organizationId }: AuthenticatedKey, @Param('id') jobId: string) {
    return training.Job.toJSON(present((await this.training.cancelJob({ organizationId, jobId })).job));
  }
}
