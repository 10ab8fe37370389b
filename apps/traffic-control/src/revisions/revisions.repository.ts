import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';

/** Wakes the publisher when a transaction that changed a snapshot commits. */
export const SNAPSHOT_CHANNEL = 'snapshot';
/** First half of the advisory locks that serialise the changes of one organization; arbitrary. */
const ORGANIZATION_LOCK = 4244;

/** One organization's snapshot: what it is now, and what of it the bucket holds. 64-bit integers as text. */
export interface Revision {
  readonly organizationId: string;
  readonly revision: string;
  readonly publishedRevision: string;
}

const COLUMNS = `organization_id AS "organizationId", revision, published_revision AS "publishedRevision"`;

/** All SQL of the table `snapshot`. */
@Injectable()
export class RevisionsRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** Everything that `read` reads in `tx` is as it was at one instant. */
  atOneInstant<T>(read: (tx: EntityManager) => Promise<T>): Promise<T> {
    return this.dataSource.transaction('REPEATABLE READ', read);
  }

  async lockOrganization(tx: EntityManager, organizationId: string): Promise<void> {
    await tx.query(`SELECT pg_advisory_xact_lock($1, hashtext($2))`, [ORGANIZATION_LOCK, organizationId]);
  }

  async bump(tx: EntityManager, organizationIds: readonly string[]): Promise<void> {
    // In one order everywhere, so that two transactions with several organizations cannot wait for each other.
    await tx.query(
      `INSERT INTO snapshot (organization_id, revision, published_revision)
       SELECT DISTINCT id COLLATE "C", 1, 0 FROM unnest($1::text[]) AS id ORDER BY 1
       ON CONFLICT (organization_id) DO UPDATE SET revision = snapshot.revision + 1`,
      [organizationIds],
    );
    await tx.query(`SELECT pg_notify('${SNAPSHOT_CHANNEL}', '')`);
  }

  async find(tx: EntityManager, organizationId: string): Promise<Revision | undefined> {
    const rows: Revision[] = await tx.query(`SELECT ${COLUMNS} FROM snapshot WHERE organization_id = $1`, [
      organizationId,
    ]);
    return rows[0];
  }

  /** Organizations whose bucket entry is behind; served by the index `snapshot_unpublished`. */
  async listUnpublished(limit: number): Promise<string[]> {
    const rows: Revision[] = await this.dataSource.query(
      `SELECT ${COLUMNS} FROM snapshot WHERE published_revision < revision ORDER BY organization_id LIMIT $1`,
      [limit],
    );
    return rows.map((row) => row.organizationId);
  }

  list(afterOrganizationId: string, limit: number): Promise<Revision[]> {
    return this.dataSource.query(
      `SELECT ${COLUMNS} FROM snapshot WHERE organization_id > $1 ORDER BY organization_id LIMIT $2`,
      [afterOrganizationId, limit],
    );
  }

  async markPublished(organizationId: string, revision: string): Promise<void> {
    await this.dataSource.query(
      `UPDATE snapshot SET published_revision = GREATEST(published_revision, $2::bigint) WHERE organization_id = $1`,
      [organizationId, revision],
    );
  }

  async reconcile(organizationId: string, bucketRevision: string): Promise<void> {
    await this.dataSource.query(
      `UPDATE snapshot SET published_revision = LEAST(published_revision, $2::bigint),
         revision = CASE WHEN revision < $2::bigint THEN $2::bigint + 1 ELSE revision END
       WHERE organization_id = $1`,
      [organizationId, bucketRevision],
    );
  }
}
