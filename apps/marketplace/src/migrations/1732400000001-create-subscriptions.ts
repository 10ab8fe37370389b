import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Subscriptions, each at the price of the day it was agreed. */
export class CreateSubscriptions1732400000001 implements MigrationInterface {
  readonly name = 'CreateSubscriptions1732400000001';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`CREATE TABLE subscription (
      id text PRIMARY KEY,
      consumer_organization_id text NOT NULL,
      vendor_organization_id text NOT NULL,
      listing_id text NOT NULL REFERENCES listing (id),
      plan_id text NOT NULL REFERENCES plan (id),
      deployment_name text NOT NULL,
      route_name text NOT NULL,
      currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
      unit_price_nano bigint NOT NULL CHECK (unit_price_nano BETWEEN 0 AND 1000000000000000),
      created_at timestamptz NOT NULL,
      cancelled_at timestamptz,
      CHECK (consumer_organization_id <> vendor_organization_id)
    )`);
    await db.query(`CREATE UNIQUE INDEX subscription_active_listing
      ON subscription (consumer_organization_id, listing_id) WHERE cancelled_at IS NULL`);
    // A delisted listing keeps its subscribers; its successor under the same name must not pay for the same calls.
    await db.query(`CREATE UNIQUE INDEX subscription_active_route
      ON subscription (consumer_organization_id, route_name) WHERE cancelled_at IS NULL`);
    await db.query(`CREATE INDEX subscription_consumer ON subscription (consumer_organization_id, id)`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP TABLE subscription`);
  }
}
