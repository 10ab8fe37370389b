import { MESSAGING_TABLES } from '@aimass/platform-messaging';
import { IDEMPOTENCY_TABLE } from '@aimass/platform-persistence';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Jobs, their metric points, and the messaging and idempotency tables. */
export class CreateJobs1732400000000 implements MigrationInterface {
  readonly name = 'CreateJobs1732400000000';

  async up(db: QueryRunner): Promise<void> {
    for (const statement of [...MESSAGING_TABLES, IDEMPOTENCY_TABLE]) await db.query(statement);
    await db.query(`CREATE TABLE job (
      id text PRIMARY KEY,
      organization_id text NOT NULL,
      algorithm text NOT NULL,
      dataset_version_id text NOT NULL,
      split_id text NOT NULL,
      hyperparameters jsonb NOT NULL,
      channels jsonb NOT NULL,
      output_model text NOT NULL,
      output_alias text NOT NULL,
      state text NOT NULL
        CHECK (state IN ('queued', 'running', 'cancelling', 'succeeded', 'failed', 'cancelled')),
      attempt integer NOT NULL CHECK (attempt IN (1, 2)),
      run integer NOT NULL,
      progress double precision NOT NULL CHECK (progress BETWEEN 0 AND 1),
      backend text NOT NULL,
      revision integer NOT NULL,
      last_sequence integer NOT NULL,
      output_offset integer NOT NULL,
      lease_owner text,
      lease_expires_at timestamptz,
      result jsonb,
      log_sha256 text,
      failure jsonb,
      created_at timestamptz NOT NULL,
      started_at timestamptz,
      finished_at timestamptz,
      -- A job has a worker exactly while it runs, a result exactly when it succeeded, a reason exactly when it failed.
      CHECK ((lease_owner IS NOT NULL) = (state IN ('running', 'cancelling'))),
      CHECK ((result IS NOT NULL) = (state = 'succeeded')),
      CHECK ((failure IS NOT NULL) = (state = 'failed')),
      CHECK ((finished_at IS NOT NULL) = (state IN ('succeeded', 'failed', 'cancelled')))
    )`);
    await db.query(`CREATE INDEX job_of_organization ON job (organization_id, id)`);
    await db.query(`CREATE INDEX job_queue ON job (id) WHERE state = 'queued'`);
    await db.query(
      `CREATE INDEX job_leases ON job (lease_expires_at) WHERE state IN ('running', 'cancelling')`,
    );
    await db.query(METRIC_POINT_TABLE);
  }

  async down(db: QueryRunner): Promise<void> {
    for (const table of ['metric_point', 'job', 'idempotency', 'dead_letter', 'inbox', 'outbox']) {
      await db.query(`DROP TABLE ${table}`);
    }
  }
}

const METRIC_POINT_TABLE = `CREATE TABLE metric_point (
  job_id text NOT NULL REFERENCES job (id),
  sequence integer NOT NULL,
  run integer NOT NULL,
  metric text NOT NULL,
  trial text NOT NULL,
  epoch bigint NOT NULL,
  value double precision NOT NULL,
  PRIMARY KEY (job_id, sequence)
)`;
