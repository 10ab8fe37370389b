import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { RevisionsRepository } from './revisions.repository.js';
import type { Revision } from './revisions.repository.js';

/** Counts the changes of every organization's snapshot, and remembers which of them are published. */
@Injectable()
export class RevisionsService {
  constructor(private readonly revisions: RevisionsRepository) {}

  /**
   * Makes this the only transaction that changes what the organization owns, until it ends. Without it a vendor's
   * change and a new subscription could miss each other, and the subscriber would keep the older variants.
   */
  claim(tx: EntityManager, organizationId: string): Promise<void> {
    return this.revisions.lockOrganization(tx, organizationId);
  }

  /**
   * The snapshots of these organizations change with this transaction: their revisions grow, and the publisher is
   * woken when it commits. Call it once per transaction, as its last statement but events.
   */
  async changed(tx: EntityManager, organizationIds: readonly string[]): Promise<void> {
    if (organizationIds.length > 0) await this.revisions.bump(tx, organizationIds);
  }

  /** Reads an organization's state together with the revision it belongs to; 0 when it never changed. */
  readAtOneInstant<T>(
    organizationId: string,
    read: (tx: EntityManager, revision: string) => Promise<T>,
  ): Promise<T> {
    return this.revisions.atOneInstant(async (tx) => {
      const row = await this.revisions.find(tx, organizationId);
      return read(tx, row?.revision ?? '0');
    });
  }

  /** Organizations whose published snapshot is behind. */
  listUnpublished(limit: number): Promise<string[]> {
    return this.revisions.listUnpublished(limit);
  }

  /** All organizations that have a snapshot, in order of id. */
  list(afterOrganizationId: string, limit: number): Promise<Revision[]> {
    return this.revisions.list(afterOrganizationId, limit);
  }

  markPublished(organizationId: string, revision: string): Promise<void> {
    return this.revisions.markPublished(organizationId, revision);
  }

  /**
   * Takes note of the revision that the bucket really holds (0 for none). An older one is published again; a newer one
   * (this database was restored from a backup) is overtaken, since readers ignore what is older than they have.
   */
  reconcile(organizationId: string, bucketRevision: string): Promise<void> {
    return this.revisions.reconcile(organizationId, bucketRevision);
  }
}
