import { MESSAGING_TABLES } from '@aimass/platform-messaging';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Models, their versions, and the messaging tables. */
export class CreateModels1732400000000 implements MigrationInterface {
  readonly name = 'CreateModels1732400000000';

  async up(db: QueryRunner): Promise<void> {
    for (const statement of MESSAGING_TABLES) await db.query(statement);
    await db.query(`CREATE TABLE model (
      id text PRIMARY KEY,
      organization_id text NOT NULL,
      name text NOT NULL,
      latest_version integer NOT NULL,
      aliases jsonb NOT NULL,
      alias_moves jsonb NOT NULL,
      created_at timestamptz NOT NULL,
      UNIQUE (organization_id, name)
    )`);
    await db.query(`CREATE TABLE model_version (
      id text PRIMARY KEY,
      organization_id text NOT NULL,
      model_id text NOT NULL REFERENCES model (id),
      model_name text NOT NULL,
      number integer NOT NULL,
      engine text NOT NULL,
      format text NOT NULL,
      signature jsonb NOT NULL,
      manifest jsonb NOT NULL,
      lineage jsonb NOT NULL,
      metrics jsonb NOT NULL,
      created_at timestamptz NOT NULL,
      UNIQUE (model_id, number)
    )`);
    // A job makes at most one version, however often its event comes.
    await db.query(`CREATE UNIQUE INDEX model_version_job ON model_version ((lineage->>'jobId'))`);
  }

  async down(db: QueryRunner): Promise<void> {
    for (const table of ['model_version', 'model', 'dead_letter', 'inbox', 'outbox']) {
      await db.query(`DROP TABLE ${table}`);
    }
  }
}
