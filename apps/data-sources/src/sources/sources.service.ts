import { Injectable } from '@nestjs/common';
import { newId, onceOnly, pageBounds } from '@aimass/platform-persistence';
import type { Page, PageRequest } from '@aimass/platform-persistence';
import type { EntityManager } from 'typeorm';
import type { Listing } from '../connectors/connector.js';
import { Connectors } from '../connectors/connectors.js';
import type { Recipe } from '../recipes/recipe.js';
import type { Sync } from '../syncs/sync.entity.js';
import { SyncsService } from '../syncs/syncs.service.js';
import type { SourceConfig, SourceCredentials } from './source-config.js';
import { checkName } from './source-input.js';
import { originOf, syncRequestOf } from './source-origin.js';
import { nextSyncAt } from './source-schedule.js';
import { serverOf } from './source-server.js';
import { NO_CREDENTIALS, SourceVault } from './source-vault.js';
import { Source } from './source.entity.js';
import type { SourceContent, SourceSchedule } from './source.entity.js';
import {
  checkTimedOut,
  credentialsNeeded,
  sourceExists,
  sourceKindFixed,
  sourceMoved,
  sourceNotFound,
} from './sources.errors.js';
import { SourcesRepository } from './sources.repository.js';

/** What a new source is made of; its parts have been checked. */
export interface NewSource {
  readonly organizationId: string;
  /** Idempotency key; empty for none. */
  readonly requestId: string;
  readonly name: string;
  readonly datasetName: string;
  readonly config: SourceConfig;
  readonly credentials: SourceCredentials | null;
  readonly recipe: Recipe;
  readonly schedule: SourceSchedule | null;
}

/** What is to change; what is absent stays. Null takes away. */
export interface SourceChange {
  readonly config?: SourceConfig;
  readonly credentials?: SourceCredentials | null;
  readonly recipe?: Recipe;
  readonly schedule?: SourceSchedule | null;
}

/** A source, by id or name, and the organization that asks for it. */
export interface SourceReference {
  readonly organizationId: string;
  readonly source: string;
}

/** The longest a check may take. */
const CHECK_TIMEOUT_MS = 30_000;

/** Makes, changes and removes sources, looks at what they would read, and orders syncs of them. */
@Injectable()
export class SourcesService {
  constructor(
    private readonly sources: SourcesRepository,
    private readonly vault: SourceVault,
    private readonly connectors: Connectors,
    private readonly syncs: SyncsService,
  ) {}

  /** Throws `conflict` (`source_exists`), and `invalid` for what its connector could never read. */
  async create(request: NewSource): Promise<Source> {
    const { organizationId, requestId, credentials, schedule, ...rest } = request;
    checkName('name', rest.name);
    checkName('datasetName', rest.datasetName);
    await this.connectors.admit(rest.config);
    const id = newId('src');
    const sealed = credentials ? this.vault.seal(credentials, { organizationId, id }) : NO_CREDENTIALS;
    const content = { ...rest, ...sealed, schedule, nextSyncAt: nextSyncAt(schedule, new Date()) };
    const source = Source.create(id, organizationId, content);
    // A hash of the payload is kept: the credentials in it are told by what gives nothing away.
    const payload = { ...rest, schedule, credentials: sealed.credentialsFingerprint };
    const operation = { organizationId, requestId, name: 'CreateSource', payload };
    const createdId = await this.sources.transaction((tx) =>
      onceOnly(tx, operation, async () => {
        if (!(await this.sources.insert(tx, source))) throw sourceExists(source.name);
        return source.id;
      }),
    );
    return this.get({ organizationId, source: createdId });
  }

  async get({ organizationId, source: reference }: SourceReference): Promise<Source> {
    const source = await this.sources.find(organizationId, reference);
    if (!source) throw sourceNotFound(reference);
    return source;
  }

  list(organizationId: string, page: PageRequest): Promise<Page<Source>> {
    return this.sources.list(organizationId, pageBounds(page));
  }

  /**
   * Changes what is given. Throws `precondition_failed` (`source_moved`) when the source is at another revision than
   * the one expected; 0 expects none, and `credentials_needed` for another server without credentials for it.
   */
  async update(reference: SourceReference, expectedRevision: number, change: SourceChange): Promise<Source> {
    const seen = await this.get(reference);
    assertRevision(seen, expectedRevision);
    if (change.config && change.config.kind !== seen.kind) throw sourceKindFixed(seen.kind);
    if (change.config) await this.connectors.admit(change.config);
    return this.sources.transaction(async (tx) => {
      const source = await this.hold(tx, seen.id);
      assertRevision(source, expectedRevision);
      assertCredentialsStay(source, change);
      source.change(this.contentOf(source, change));
      await this.sources.save(tx, source);
      return source;
    });
  }

  /** Takes a source away, with its credentials, and ends its sync; datasets and lineage stay. */
  async delete(reference: SourceReference): Promise<void> {
    const { id, organizationId } = await this.get(reference);
    await this.sources.transaction(async (tx) => {
      const source = await this.hold(tx, id);
      source.delete();
      await this.sources.save(tx, source);
    });
    await this.syncs.cancelOpen(organizationId, id);
  }

  /** Orders a sync, or returns the one that is under way. */
  async sync(reference: SourceReference, requestId: string): Promise<Sync> {
    const { organizationId } = reference;
    const { id } = await this.get(reference);
    const operation = { organizationId, requestId, name: 'SyncSource', payload: { id } };
    const syncId = await this.sources.transaction((tx) =>
      onceOnly(tx, operation, async () => this.orderSync(tx, await this.hold(tx, id))),
    );
    this.syncs.wake();
    return this.syncs.get(organizationId, syncId);
  }

  /** Connects and says what a sync would read. Throws what the connector does, and `check_timed_out`. */
  async check(reference: SourceReference, timeLeftMs = Infinity): Promise<Listing> {
    const source = await this.get(reference);
    const timeoutMs = Math.max(0, Math.min(CHECK_TIMEOUT_MS, timeLeftMs));
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      return await this.connectors.check(originOf(source, this.vault.open(source)), signal);
    } catch (error) {
      throw signal.aborted ? checkTimedOut(timeoutMs) : error;
    }
  }

  private async orderSync(tx: EntityManager, source: Source): Promise<string> {
    const open = await this.syncs.findOpenBySource(tx, source.id);
    if (open) return open.id;
    const syncId = await this.syncs.insert(tx, syncRequestOf(source, 'request'));
    const { schedule } = source;
    const next =
      schedule && 'everySeconds' in schedule ? nextSyncAt(schedule, new Date()) : source.nextSyncAt;
    source.startSync(syncId, next);
    await this.sources.save(tx, source);
    return syncId;
  }

  private contentOf(source: Source, change: SourceChange): Partial<SourceContent> {
    const { credentials, ...rest } = change;
    const sealed = credentials ? this.vault.seal(credentials, source) : NO_CREDENTIALS;
    return {
      ...rest,
      ...(credentials === undefined ? {} : sealed),
      nextSyncAt: turnAfterChange(source, change),
    };
  }

  private async hold(tx: EntityManager, id: string): Promise<Source> {
    const source = await this.sources.hold(tx, id);
    if (!source) throw sourceNotFound(id);
    return source;
  }
}

/**
 * The next turn of a changed source. Whatever changed may be what made syncs fail: turns that were left out for that come
 * back.
 */
function turnAfterChange(source: Source, change: SourceChange): Date | null {
  if (change.schedule !== undefined) return nextSyncAt(change.schedule, new Date());
  const next = nextSyncAt(source.schedule, new Date());
  return next && source.nextSyncAt && source.nextSyncAt < next ? source.nextSyncAt : next;
}

function assertRevision(source: Source, expected: number): void {
  if (expected !== 0 && expected !== source.revision) throw sourceMoved(source.name);
}

/** Credentials go to the server they were given for, and to no other. */
function assertCredentialsStay(source: Source, { config, credentials }: SourceChange): void {
  if (!config || credentials !== undefined || source.credentials === null) return;
  if (serverOf(config) !== serverOf(source.config)) throw credentialsNeeded(source.name);
}
