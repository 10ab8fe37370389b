import { Injectable } from '@nestjs/common';
import type { Violation } from '@aimass/platform-errors';
import { onceOnly, pageBounds } from '@aimass/platform-persistence';
import type { Page, PageRequest } from '@aimass/platform-persistence';
import { ALGORITHMS, checkHyperparameters, findAlgorithm } from '../algorithms/catalogue.js';
import { assertColumns } from '../algorithms/columns.js';
import { JobChanges } from './job-changes.js';
import type { JobRequest } from './job-request.js';
import { Job } from './job.entity.js';
import type { JobOrder } from './job.entity.js';
import { jobInvalid, jobNotFound, splitWithoutTrain } from './jobs.errors.js';
import { JobsRepository } from './jobs.repository.js';
import type { MetricPoint } from './metric-point.entity.js';
import { SplitsClient } from './splits.client.js';

const MODEL_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const ALIAS = /^[a-z][a-z0-9_-]{0,62}$/;
const MAX_POINTS = 10_000;

/** Accepts, finds and cancels jobs. Running them is the business of runs/. */
@Injectable()
export class JobsService {
  constructor(
    private readonly jobs: JobsRepository,
    private readonly splits: SplitsClient,
    private readonly changes: JobChanges,
  ) {}

  /** Checks everything that can be checked before it runs, and queues the job. Throws `invalid` or `not_found`. */
  async create(request: JobRequest): Promise<Job> {
    const order = await this.toOrder(request);
    const { organizationId, requestId, ...payload } = request;
    const operation = { organizationId, requestId, name: 'CreateJob', payload: canonical(payload) };
    const id = await this.jobs.transaction((tx) =>
      onceOnly(tx, operation, async () => {
        const job = Job.create(order);
        await this.jobs.insert(tx, job);
        return job.id;
      }),
    );
    this.changes.workArrived();
    return this.get(organizationId, id);
  }

  async get(organizationId: string, id: string): Promise<Job> {
    const job = await this.jobs.find(organizationId, id);
    if (!job) throw jobNotFound(id);
    return job;
  }

  list(organizationId: string, page: PageRequest): Promise<Page<Job>> {
    return this.jobs.list(organizationId, pageBounds(page));
  }

  /** A queued job is cancelled at once; a running one is when its trainer has ended. Throws `conflict` when finished. */
  async cancel(organizationId: string, id: string): Promise<Job> {
    const job = await this.jobs.update(organizationId, id, (found) => found.cancel());
    if (!job) throw jobNotFound(id);
    this.changes.changed(id);
    this.changes.stopRequested(id);
    return job;
  }

  /** At most 10,000. */
  async listMetrics(organizationId: string, id: string, afterSequence: number): Promise<MetricPoint[]> {
    await this.get(organizationId, id);
    return this.jobs.listPoints(id, afterSequence, MAX_POINTS);
  }

  private async toOrder(request: JobRequest): Promise<JobOrder> {
    const { organizationId, algorithm, splitId, hyperparameters, output } = request;
    const definition = findAlgorithm(algorithm);
    const violations = [
      ...(definition ? checkHyperparameters(definition, hyperparameters) : [algorithmUnknown(algorithm)]),
      ...checkOutput(output),
    ];
    if (!definition || violations.length > 0) throw jobInvalid(violations);
    const split = await this.splits.get(organizationId, splitId);
    assertColumns(definition.columns(hyperparameters), split.columns);
    if (!split.channels.some(({ name }) => name === 'train')) throw splitWithoutTrain(splitId);
    const { datasetVersionId, channels, preprocessingSha256 } = split;
    const named = { outputModel: output.model, outputAlias: output.alias };
    const data = { datasetVersionId, splitId, channels, preprocessingSha256 };
    return { organizationId, algorithm, hyperparameters, ...data, ...named };
  }
}

function algorithmUnknown(name: string): Violation {
  const known = ALGORITHMS.map((algorithm) => algorithm.name).join(', ');
  return { path: 'algorithm', message: `"${name}" is not known; choose one of ${known}` };
}

function checkOutput({ model, alias }: JobRequest['output']): Violation[] {
  const violations: Violation[] = [];
  if (!MODEL_NAME.test(model) || /^mdl_[0-9a-f]{32}$/.test(model)) {
    const message =
      'must be 1 to 128 letters, digits, ".", "_" or "-", starting with a letter or digit, and no model id';
    violations.push({ path: 'output.model', message });
  }
  if (alias !== '' && !ALIAS.test(alias)) {
    const message = 'must be 1 to 63 lower-case letters, digits, "-" or "_", starting with a letter';
    violations.push({ path: 'output.alias', message });
  }
  return violations;
}

/** The same request whatever the order of its hyperparameters. */
function canonical(payload: Omit<JobRequest, 'organizationId' | 'requestId'>): unknown {
  const hyperparameters = Object.entries(payload.hyperparameters).sort(([a], [b]) => (a < b ? -1 : 1));
  const { algorithm, splitId, output } = payload;
  return { algorithm, splitId, hyperparameters, output: { model: output.model, alias: output.alias } };
}
