import { IDEMPOTENCY_TABLE } from '@aimass/platform-persistence';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Versions that no job made: there are many without a job id, and their registration can be repeated. */
export class RegisterUploads1732400000001 implements MigrationInterface {
  readonly name = 'RegisterUploads1732400000001';

  async up(db: QueryRunner): Promise<void> {
    await db.query(IDEMPOTENCY_TABLE);
    await db.query(`DROP INDEX model_version_job`);
    await db.query(
      `CREATE UNIQUE INDEX model_version_job ON model_version ((lineage->>'jobId')) WHERE lineage->>'jobId' <> ''`,
    );
  }

  /** Fails when there are two versions without a job: the old schema cannot hold them. */
  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP INDEX model_version_job`);
    await db.query(`CREATE UNIQUE INDEX model_version_job ON model_version ((lineage->>'jobId'))`);
    await db.query(`DROP TABLE idempotency`);
  }
}
