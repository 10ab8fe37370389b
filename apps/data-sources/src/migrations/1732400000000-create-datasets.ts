import { MESSAGING_TABLES } from '@aimass/platform-messaging';
import { IDEMPOTENCY_TABLE } from '@aimass/platform-persistence';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const TABLES = [
  `CREATE TABLE upload (
    id text PRIMARY KEY,
    organization_id text NOT NULL,
    filename text NOT NULL,
    size_bytes bigint NOT NULL,
    sha256 text NOT NULL,
    created_at timestamptz NOT NULL
  )`,
  `CREATE TABLE dataset (
    id text PRIMARY KEY,
    organization_id text NOT NULL,
    name text NOT NULL,
    latest_version integer NOT NULL,
    created_at timestamptz NOT NULL,
    UNIQUE (organization_id, name)
  )`,
  // UNIQUE (dataset_id, sha256): the same content makes no second version.
  `CREATE TABLE dataset_version (
    id text PRIMARY KEY,
    organization_id text NOT NULL,
    dataset_id text NOT NULL REFERENCES dataset (id),
    dataset_name text NOT NULL,
    number integer NOT NULL,
    upload_id text NOT NULL REFERENCES upload (id),
    upload_sha256 text NOT NULL,
    row_count bigint NOT NULL,
    dropped_row_count bigint NOT NULL,
    columns jsonb NOT NULL,
    sha256 text NOT NULL,
    size_bytes bigint NOT NULL,
    created_at timestamptz NOT NULL,
    UNIQUE (dataset_id, number),
    UNIQUE (dataset_id, sha256)
  )`,
  // UNIQUE: the same ratios and seed are the same split.
  `CREATE TABLE split (
    id text PRIMARY KEY,
    organization_id text NOT NULL,
    dataset_version_id text NOT NULL REFERENCES dataset_version (id),
    train double precision NOT NULL,
    validation double precision NOT NULL,
    test double precision NOT NULL,
    seed text NOT NULL,
    parts jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    UNIQUE (dataset_version_id, train, validation, test, seed)
  )`,
];

/** Uploads, datasets, their versions and splits, and the messaging and idempotency tables. */
export class CreateDatasets1732400000000 implements MigrationInterface {
  readonly name = 'CreateDatasets1732400000000';

  async up(db: QueryRunner): Promise<void> {
    for (const statement of [...MESSAGING_TABLES, IDEMPOTENCY_TABLE, ...TABLES]) await db.query(statement);
  }

  async down(db: QueryRunner): Promise<void> {
    const tables = [
      'split',
      'dataset_version',
      'dataset',
      'upload',
      'idempotency',
      'dead_letter',
      'inbox',
      'outbox',
    ];
    for (const table of tables) await db.query(`DROP TABLE ${table}`);
  }
}
