import { newId } from '@aimass/platform-persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { assertTransition, isFinal } from './job-state.js';
import type { JobState } from './job-state.js';
import type { JobResult } from './job-result.js';
import { jobFinished } from './jobs.errors.js';

/** One file of data for the trainer: a channel of the container contract and its Parquet blob. */
export interface Channel {
  /** `train`, `validation` or `test`. */
  readonly name: string;
  readonly sha256: string;
}

/** Why a job failed: `code` for programs, `message` for people. */
export interface JobFailure {
  readonly code: string;
  readonly message: string;
}

/** What a job is asked to do. */
export interface JobOrder {
  readonly organizationId: string;
  readonly algorithm: string;
  readonly datasetVersionId: string;
  readonly splitId: string;
  /** As given; every value as text. */
  readonly hyperparameters: Readonly<Record<string, string>>;
  readonly channels: readonly Channel[];
  /** Blob of the transforms that the channels have been through; empty when there are none. */
  readonly preprocessingSha256: string;
  readonly outputModel: string;
  /** Empty for none. */
  readonly outputAlias: string;
}

/** A trainer that vanished is started again until this attempt. */
const LAST_ATTEMPT = 2;

/** One training run as its user sees it, and the lease of the worker that runs it. */
@Entity()
export class Job implements JobOrder {
  @PrimaryColumn('text')
  readonly id: string;

  @Column('text', { name: 'organization_id' })
  readonly organizationId: string;

  @Column('text')
  readonly algorithm: string;

  @Column('text', { name: 'dataset_version_id' })
  readonly datasetVersionId: string;

  @Column('text', { name: 'split_id' })
  readonly splitId: string;

  @Column('jsonb')
  readonly hyperparameters: Readonly<Record<string, string>>;

  @Column('jsonb')
  readonly channels: readonly Channel[];

  @Column('text', { name: 'preprocessing_sha256' })
  readonly preprocessingSha256: string;

  @Column('text', { name: 'output_model' })
  readonly outputModel: string;

  @Column('text', { name: 'output_alias' })
  readonly outputAlias: string;

  @Column('text')
  readonly state: JobState;

  /** 1, or 2 after its trainer has vanished once. */
  @Column('integer')
  readonly attempt: number;

  /** Counts starts of a trainer, also those that do not count as attempts; fences out what an earlier one says. */
  @Column('integer')
  readonly run: number;

  /** 0..1 */
  @Column('double precision')
  readonly progress: number;

  @Column('text')
  readonly backend: string;

  /** Counts changes that a watcher should hear of. */
  @Column('integer')
  readonly revision: number;

  /** Sequence of the newest metric point. */
  @Column('integer', { name: 'last_sequence' })
  readonly lastSequence: number;

  /** Bytes of the present run's standard output whose metrics are stored. */
  @Column('integer', { name: 'output_offset' })
  readonly outputOffset: number;

  @Column('text', { name: 'lease_owner', nullable: true })
  readonly leaseOwner: string | null;

  /** Set by the database's clock alone. */
  @Column('timestamptz', { name: 'lease_expires_at', nullable: true })
  readonly leaseExpiresAt: Date | null;

  @Column('jsonb', { nullable: true })
  readonly result: JobResult | null;

  /** Blob of the last run's standard error; null until the job has finished. */
  @Column('text', { name: 'log_sha256', nullable: true })
  readonly logSha256: string | null;

  @Column('jsonb', { nullable: true })
  readonly failure: JobFailure | null;

  @Column('timestamptz', { name: 'created_at' })
  readonly createdAt: Date;

  @Column('timestamptz', { name: 'started_at', nullable: true })
  readonly startedAt: Date | null;

  @Column('timestamptz', { name: 'finished_at', nullable: true })
  readonly finishedAt: Date | null;

  static create(order: JobOrder): Job {
    const counters = { attempt: 1, run: 0, progress: 0, revision: 1, lastSequence: 0, outputOffset: 0 };
    const nothing = { leaseOwner: null, leaseExpiresAt: null, result: null, logSha256: null, failure: null };
    const times = { createdAt: new Date(), startedAt: null, finishedAt: null };
    const identity = { id: newId('job'), state: 'queued' as const, backend: '' };
    return Object.assign(new Job(), { ...order, ...identity, ...counters, ...nothing, ...times });
  }

  get isFinished(): boolean {
    return isFinal(this.state);
  }

  /** Whether this worker runs this run: only then may it say how the job goes on. */
  isHeldBy(owner: string, run: number): boolean {
    return this.leaseOwner === owner && this.run === run;
  }

  /** A worker takes it from the queue. */
  start(owner: string): void {
    this.become('running', {
      leaseOwner: owner,
      run: this.run + 1,
      startedAt: new Date(),
      outputOffset: 0,
      progress: 0,
    });
  }

  /** The service stops: back into the queue, as if it had not been started. */
  giveBack(): void {
    this.become('queued', { leaseOwner: null, leaseExpiresAt: null, startedAt: null, progress: 0 });
  }

  /** The trainer has vanished. Returns false, changing nothing, when it must not be tried again. */
  retry(): boolean {
    if (this.attempt >= LAST_ATTEMPT) return false;
    this.giveBack();
    Object.assign(this, { attempt: this.attempt + 1 });
    return true;
  }

  /** The user wants it stopped. Asking twice is harmless; throws `conflict` when it has finished. */
  cancel(): void {
    if (this.isFinished) throw jobFinished(this.id, this.state);
    if (this.state === 'queued') this.markCancelled();
    else if (this.state === 'running') this.become('cancelling', {});
  }

  markCancelled(): void {
    this.finish('cancelled', {});
  }

  succeed(result: JobResult): void {
    this.finish('succeeded', {
      result,
      progress: 1,
      backend: result.backend === '' ? this.backend : result.backend,
    });
  }

  fail(failure: JobFailure): void {
    this.finish('failed', { failure });
  }

  /** Where the trainer's log is kept from now on. */
  keepLog(sha256: string): void {
    Object.assign(this, { logSha256: sha256 });
  }

  private finish(state: JobState, changes: Partial<Job>): void {
    this.become(state, { ...changes, leaseOwner: null, leaseExpiresAt: null, finishedAt: new Date() });
  }

  private become(state: JobState, changes: Partial<Job>): void {
    assertTransition(this.state, state);
    Object.assign(this, changes, { state, revision: this.revision + 1 });
  }
}
