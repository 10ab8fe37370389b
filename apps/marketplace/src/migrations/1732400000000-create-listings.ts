import { MESSAGING_TABLES } from '@aimass/platform-messaging';
import { IDEMPOTENCY_TABLE } from '@aimass/platform-persistence';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Listings, their plans, and the tables of messaging and idempotency. */
export class CreateListings1732400000000 implements MigrationInterface {
  readonly name = 'CreateListings1732400000000';

  async up(db: QueryRunner): Promise<void> {
    for (const statement of [...MESSAGING_TABLES, IDEMPOTENCY_TABLE]) await db.query(statement);
    await db.query(`CREATE TABLE listing (
      id text PRIMARY KEY,
      vendor_organization_id text NOT NULL,
      vendor_name text NOT NULL,
      deployment_name text NOT NULL,
      title text NOT NULL,
      description text NOT NULL,
      state text NOT NULL
        CHECK (state IN ('draft', 'submitted', 'approved', 'rejected', 'published', 'delisted')),
      review_note text NOT NULL,
      created_at timestamptz NOT NULL
    )`);
    // A deployment is sold by one listing at a time, and a route name means one listing.
    await db.query(`CREATE UNIQUE INDEX listing_live_deployment ON listing (vendor_organization_id, deployment_name)
      WHERE state <> 'delisted'`);
    await db.query(`CREATE UNIQUE INDEX listing_live_route ON listing (vendor_name, deployment_name)
      WHERE state <> 'delisted'`);
    await db.query(`CREATE INDEX listing_vendor ON listing (vendor_organization_id, id)`);
    await db.query(`CREATE INDEX listing_published ON listing (id) WHERE state = 'published'`);
    await db.query(`CREATE TABLE plan (
      id text PRIMARY KEY,
      listing_id text NOT NULL REFERENCES listing (id),
      name text NOT NULL,
      unit text NOT NULL CHECK (unit IN ('request')),
      currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
      unit_price_nano bigint NOT NULL CHECK (unit_price_nano BETWEEN 0 AND 1000000000000000),
      created_at timestamptz NOT NULL
    )`);
    await db.query(`CREATE INDEX plan_listing ON plan (listing_id, id)`);
    await db.query(`CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
      END $$`);
    await db.query(`CREATE TRIGGER plan_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON plan
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()`);
    await db.query(`ALTER TABLE plan ENABLE ALWAYS TRIGGER plan_append_only`);
  }

  async down(db: QueryRunner): Promise<void> {
    for (const table of ['plan', 'listing', 'idempotency', 'dead_letter', 'inbox', 'outbox']) {
      await db.query(`DROP TABLE ${table}`);
    }
    await db.query(`DROP FUNCTION refuse_change`);
  }
}
