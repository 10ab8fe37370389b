import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Recipe } from '../recipes/recipe.js';
import type { SourceConfig } from './source-config.js';

/** When a source is read by itself: so long after the last time, or by five cron fields in UTC. */
export type SourceSchedule = { readonly everySeconds: number } | { readonly cron: string };

/** What was there at the last sync, so that the next one can tell that nothing has changed. */
export interface LastFetch {
  /** Digest of everything that was fetched. */
  readonly sha256: string;
  /** What the source calls this state of its content, such as an ETag; null when it has no word for it. */
  readonly validator: string | null;
}

/** What a source is made of. */
export interface SourceContent {
  readonly name: string;
  readonly datasetName: string;
  readonly config: SourceConfig;
  /** Encrypted, as `secrets/` writes them; null for none. */
  readonly credentials: string | null;
  /** Tells credentials apart without saying what they are; empty for none. */
  readonly credentialsFingerprint: string;
  readonly recipe: Recipe;
  readonly schedule: SourceSchedule | null;
  readonly nextSyncAt: Date | null;
}

/** Where data comes from, again and again, and the dataset that it feeds. */
@Entity()
export class Source implements SourceContent {
  @PrimaryColumn('text')
  readonly id: string;

  @Column('text', { name: 'organization_id' })
  readonly organizationId: string;

  @Column('text')
  readonly name: string;

  @Column('text')
  readonly kind: SourceConfig['kind'];

  @Column('text', { name: 'dataset_name' })
  readonly datasetName: string;

  @Column('jsonb')
  readonly config: SourceConfig;

  @Column('text', { nullable: true })
  readonly credentials: string | null;

  @Column('text', { name: 'credentials_fingerprint' })
  readonly credentialsFingerprint: string;

  @Column('jsonb')
  readonly recipe: Recipe;

  @Column('jsonb', { nullable: true })
  readonly schedule: SourceSchedule | null;

  @Column('timestamptz', { name: 'next_sync_at', nullable: true })
  readonly nextSyncAt: Date | null;

  @Column('text', { name: 'last_sync_id', nullable: true })
  readonly lastSyncId: string | null;

  /** Null before the first sync, and after a change of what is read or how. */
  @Column('jsonb', { nullable: true })
  readonly fetched: LastFetch | null;

  /** Grows by one with every change that a caller makes. */
  @Column('integer')
  readonly revision: number;

  /** A deleted source stays for the lineage of its versions, without credentials; nobody finds it. */
  @Column('timestamptz', { name: 'deleted_at', nullable: true })
  readonly deletedAt: Date | null;

  @Column('timestamptz', { name: 'created_at' })
  readonly createdAt: Date;

  @Column('timestamptz', { name: 'updated_at' })
  readonly updatedAt: Date;

  /** With an id that the caller has made, since credentials are bound to it. */
  static create(id: string, organizationId: string, content: SourceContent): Source {
    const now = new Date();
    return Object.assign(new Source(), content, {
      id,
      organizationId,
      kind: content.config.kind,
      lastSyncId: null,
      fetched: null,
      revision: 1,
      deletedAt: null,
      createdAt: now,
      updatedAt: now,
    });
  }

  /** Changes what is given. What was fetched before says nothing about what the source reads now. */
  change(content: Partial<SourceContent>): void {
    const isReadAnew = content.config !== undefined || content.recipe !== undefined;
    Object.assign(this, content, isReadAnew ? { fetched: null } : {}, {
      kind: content.config?.kind ?? this.kind,
      revision: this.revision + 1,
      updatedAt: new Date(),
    });
  }

  /** A sync was started, and the schedule says when the next one is. */
  startSync(syncId: string, nextSyncAt: Date | null): void {
    Object.assign(this, { lastSyncId: syncId, nextSyncAt });
  }

  /** The schedule's turn passes without a sync. */
  skipTurn(nextSyncAt: Date | null): void {
    Object.assign(this, { nextSyncAt });
  }

  /** Takes the source away, and its credentials with it. */
  delete(): void {
    Object.assign(this, {
      credentials: null,
      credentialsFingerprint: '',
      schedule: null,
      nextSyncAt: null,
      deletedAt: new Date(),
    });
  }
}
