import { toDomainError } from '@aimass/platform-errors';
import type { ErrorKind, Violation } from '@aimass/platform-errors';
import { newId } from '@aimass/platform-persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Recipe } from '../recipes/recipe.js';
import { assertTransition, isFinal } from './sync-state.js';
import type { SyncState } from './sync-state.js';

/** `new`: the dataset must not exist yet; `existing`: it must; `any`: it is made when it does not. */
export type SyncTarget = 'new' | 'existing' | 'any';

/** What started a sync. */
export type SyncTrigger = 'request' | 'schedule';

/** Why a sync failed, so that who waits for it hears the same error. */
export interface SyncFailure {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly message: string;
  readonly violations: readonly Violation[];
}

/** What is to be imported, and into what. Exactly one of source, upload and parent version is given. */
export interface SyncRequest {
  readonly organizationId: string;
  readonly sourceId?: string | undefined;
  readonly uploadId?: string | undefined;
  readonly parentVersionId?: string | undefined;
  /** Absent when the dataset may not exist yet. */
  readonly datasetId?: string | undefined;
  readonly datasetName: string;
  readonly target: SyncTarget;
  readonly trigger: SyncTrigger;
  readonly recipe: Recipe;
  /** The rpc and the idempotency key that the request came with; empty for none. */
  readonly operation?: string;
  readonly requestId?: string;
}

/** The version a sync ends with. */
interface Outcome {
  readonly datasetId: string;
  readonly versionId: string;
}

/** One import: a durable unit of work that ends in a version, finds nothing new, fails, or is cancelled. */
@Entity()
export class Sync {
  @PrimaryColumn('text')
  readonly id: string;

  @Column('text', { name: 'organization_id' })
  readonly organizationId: string;

  @Column('text', { name: 'source_id', nullable: true })
  readonly sourceId: string | null;

  @Column('text', { name: 'upload_id', nullable: true })
  readonly uploadId: string | null;

  @Column('text', { name: 'parent_version_id', nullable: true })
  readonly parentVersionId: string | null;

  /** Null until the dataset exists. */
  @Column('text', { name: 'dataset_id', nullable: true })
  readonly datasetId: string | null;

  @Column('text', { name: 'dataset_name' })
  readonly datasetName: string;

  @Column('text')
  readonly target: SyncTarget;

  @Column('text')
  readonly trigger: SyncTrigger;

  /** As it was when the sync was asked for. */
  @Column('jsonb')
  readonly recipe: Recipe;

  @Column('text')
  readonly state: SyncState;

  /** As text: 64-bit integers. */
  @Column('bigint', { name: 'fetched_bytes' })
  readonly fetchedBytes: string;

  @Column('bigint', { name: 'imported_rows' })
  readonly importedRows: string;

  @Column('jsonb', { nullable: true })
  readonly error: SyncFailure | null;

  @Column('text', { name: 'dataset_version_id', nullable: true })
  readonly datasetVersionId: string | null;

  @Column('text', { name: 'fetched_sha256', nullable: true })
  readonly fetchedSha256: string | null;

  @Column('text')
  readonly operation: string;

  @Column('text', { name: 'request_id' })
  readonly requestId: string;

  /** The service that works on it; null while nobody does. */
  @Column('text', { name: 'lease_owner', nullable: true })
  readonly leaseOwner: string | null;

  /** How often it was begun; with the owner it names one attempt, so that a late one changes nothing. */
  @Column('integer')
  readonly attempts: number;

  @Column('timestamptz', { name: 'created_at' })
  readonly createdAt: Date;

  @Column('timestamptz', { name: 'started_at', nullable: true })
  readonly startedAt: Date | null;

  @Column('timestamptz', { name: 'finished_at', nullable: true })
  readonly finishedAt: Date | null;

  static create(request: SyncRequest): Sync {
    return Object.assign(new Sync(), {
      id: newId('syn'),
      organizationId: request.organizationId,
      sourceId: request.sourceId ?? null,
      uploadId: request.uploadId ?? null,
      parentVersionId: request.parentVersionId ?? null,
      datasetId: request.datasetId ?? null,
      datasetName: request.datasetName,
      target: request.target,
      trigger: request.trigger,
      recipe: request.recipe,
      state: 'queued',
      fetchedBytes: '0',
      importedRows: '0',
      error: null,
      datasetVersionId: null,
      fetchedSha256: null,
      operation: request.operation ?? '',
      requestId: request.requestId ?? '',
      leaseOwner: null,
      attempts: 0,
      createdAt: new Date(),
      startedAt: null,
      finishedAt: null,
    });
  }

  get isFinished(): boolean {
    return isFinal(this.state);
  }

  /** Whether this attempt is still the one that speaks for the sync. */
  isHeldBy(owner: string, attempt: number): boolean {
    return this.leaseOwner === owner && this.attempts === attempt && !this.isFinished;
  }

  /** A worker takes it, also from one that is gone. What an earlier attempt had fetched is fetched again. */
  begin(owner: string): void {
    if (this.state !== 'queued') this.to('queued');
    this.to('fetching', {
      leaseOwner: owner,
      attempts: this.attempts + 1,
      fetchedBytes: '0',
      importedRows: '0',
      startedAt: this.startedAt ?? new Date(),
    });
  }

  /** The bytes are there. */
  startImport(fetchedSha256: string): void {
    this.to('importing', { fetchedSha256 });
  }

  /** A service that stops gives it back; that was no attempt of its own. */
  giveBack(): void {
    this.to('queued', { leaseOwner: null, attempts: this.attempts - 1 });
  }

  succeed(outcome: Outcome): void {
    this.end('succeeded', { datasetId: outcome.datasetId, datasetVersionId: outcome.versionId });
  }

  /** The version has been there before. */
  findUnchanged(outcome: Outcome): void {
    this.end('unchanged', { datasetId: outcome.datasetId, datasetVersionId: outcome.versionId });
  }

  fail(cause: unknown): void {
    const { kind, code, message, violations } = toDomainError(cause);
    this.end('failed', { error: { kind, code, message, violations } });
  }

  cancel(): void {
    this.end('cancelled', {});
  }

  private end(state: SyncState, fields: Partial<Sync>): void {
    this.to(state, { ...fields, leaseOwner: null, finishedAt: new Date() });
  }

  private to(state: SyncState, fields: Partial<Sync> = {}): void {
    assertTransition(this.state, state);
    Object.assign(this, fields, { state });
  }
}
