import { MESSAGING_TABLES } from '@aimass/platform-messaging';
import { IDEMPOTENCY_TABLE } from '@aimass/platform-persistence';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Deployments, what their snapshots are compiled from, leases, and the messaging tables. */
export class CreateTraffic1732400000000 implements MigrationInterface {
  readonly name = 'CreateTraffic1732400000000';

  async up(db: QueryRunner): Promise<void> {
    for (const statement of [...MESSAGING_TABLES, IDEMPOTENCY_TABLE, ...TABLES]) await db.query(statement);
  }

  async down(db: QueryRunner): Promise<void> {
    const own = ['lease', 'policy', 'snapshot', 'entitlement', 'alias', 'deployment'];
    for (const table of [...own, 'idempotency', 'dead_letter', 'inbox', 'outbox']) {
      await db.query(`DROP TABLE ${table}`);
    }
  }
}

const TABLES: readonly string[] = [
  `CREATE TABLE deployment (
    id text PRIMARY KEY,
    organization_id text NOT NULL,
    name text NOT NULL CHECK (name ~ '^[a-z0-9][a-z0-9._-]{0,127}$'),
    variants jsonb NOT NULL CHECK (jsonb_array_length(variants) BETWEEN 1 AND 20),
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    UNIQUE (organization_id, name)
  )`,
  `CREATE TABLE alias (
    model_id text NOT NULL,
    alias text NOT NULL,
    organization_id text NOT NULL,
    number integer NOT NULL,
    move_count integer NOT NULL,
    PRIMARY KEY (model_id, alias)
  )`,
  // A cancellation that overtakes its activation leaves a row without a vendor, which the activation then meets.
  `CREATE TABLE entitlement (
    subscription_id text PRIMARY KEY,
    consumer_organization_id text NOT NULL,
    vendor_organization_id text NOT NULL,
    deployment_name text NOT NULL,
    route_name text NOT NULL,
    is_active boolean NOT NULL
  )`,
  `CREATE INDEX entitlement_consumer ON entitlement (consumer_organization_id) WHERE is_active`,
  `CREATE INDEX entitlement_vendor ON entitlement (vendor_organization_id, deployment_name) WHERE is_active`,
  // A limit on a deployment cannot outlive it: the generated column lets a foreign key say so.
  `CREATE TABLE policy (
    id text PRIMARY KEY,
    organization_id text NOT NULL,
    target text NOT NULL CHECK (target IN ('KEY', 'ORGANIZATION', 'DEPLOYMENT')),
    target_id text NOT NULL,
    requests integer NOT NULL CHECK (requests BETWEEN 1 AND 1000000),
    window_seconds integer NOT NULL CHECK (window_seconds BETWEEN 1 AND 86400),
    created_at timestamptz NOT NULL,
    deployment_id text GENERATED ALWAYS AS (CASE WHEN target = 'DEPLOYMENT' THEN target_id END) STORED
      REFERENCES deployment (id) ON DELETE CASCADE
  )`,
  `CREATE INDEX policy_organization ON policy (organization_id, id)`,
  `CREATE INDEX policy_deployment ON policy (deployment_id) WHERE deployment_id IS NOT NULL`,
  `CREATE TABLE snapshot (
    organization_id text PRIMARY KEY,
    revision bigint NOT NULL,
    published_revision bigint NOT NULL
  )`,
  `CREATE INDEX snapshot_unpublished ON snapshot (organization_id) WHERE published_revision < revision`,
  // Times are milliseconds of this server's clock, the only one that leases are measured by.
  `CREATE TABLE lease (
    policy_id text NOT NULL REFERENCES policy (id) ON DELETE CASCADE,
    gateway_id text NOT NULL,
    demand double precision NOT NULL,
    grants jsonb NOT NULL,
    alive_until_ms bigint NOT NULL,
    PRIMARY KEY (policy_id, gateway_id)
  )`,
];
