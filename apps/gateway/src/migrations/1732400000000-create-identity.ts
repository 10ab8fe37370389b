import { IDEMPOTENCY_TABLE } from '@aimass/platform-persistence';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Organizations and their API keys. */
export class CreateIdentity1732400000000 implements MigrationInterface {
  readonly name = 'CreateIdentity1732400000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(IDEMPOTENCY_TABLE);
    await db.query(`CREATE TABLE organization (
      id text PRIMARY KEY,
      name text NOT NULL UNIQUE,
      kinds text[] NOT NULL,
      created_at timestamptz NOT NULL
    )`);
    await db.query('CREATE SEQUENCE api_key_change');
    await db.query(`CREATE TABLE api_key (
      id text PRIMARY KEY,
      organization_id text NOT NULL REFERENCES organization (id),
      name text NOT NULL,
      role text NOT NULL,
      is_platform_admin boolean NOT NULL,
      prefix text NOT NULL,
      hash text NOT NULL UNIQUE,
      created_at timestamptz NOT NULL,
      revoked_at timestamptz
    )`);
    // Numbers every change of a key, so that each gateway can ask for what is new.
    await db.query(
      `ALTER TABLE api_key ADD COLUMN change_number bigint NOT NULL DEFAULT nextval('api_key_change')`,
    );
    await db.query('CREATE INDEX api_key_change_number ON api_key (change_number)');
    await db.query(`CREATE FUNCTION number_api_key_change() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN NEW.change_number := nextval('api_key_change'); RETURN NEW; END $$`);
    await db.query(`CREATE TRIGGER api_key_changed BEFORE UPDATE ON api_key
      FOR EACH ROW EXECUTE FUNCTION number_api_key_change()`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE api_key');
    await db.query('DROP FUNCTION number_api_key_change');
    await db.query('DROP SEQUENCE api_key_change');
    await db.query('DROP TABLE organization');
    await db.query('DROP TABLE idempotency');
  }
}
