import type { MigrationInterface, QueryRunner } from 'typeorm';

const UP = [
  `CREATE TABLE source (
    id text PRIMARY KEY,
    organization_id text NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    dataset_name text NOT NULL,
    config jsonb NOT NULL,
    credentials text,
    credentials_fingerprint text NOT NULL,
    recipe jsonb NOT NULL,
    schedule jsonb,
    next_sync_at timestamptz,
    last_sync_id text,
    fetched jsonb,
    revision integer NOT NULL,
    deleted_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
  )`,
  // A source that was deleted stays, since lineage refers to it, but its name is free.
  `CREATE UNIQUE INDEX source_name ON source (organization_id, name) WHERE deleted_at IS NULL`,
  `CREATE INDEX source_due ON source (next_sync_at) WHERE deleted_at IS NULL AND next_sync_at IS NOT NULL`,
  `CREATE TABLE sync (
    id text PRIMARY KEY,
    organization_id text NOT NULL,
    source_id text REFERENCES source (id),
    upload_id text REFERENCES upload (id),
    parent_version_id text REFERENCES dataset_version (id),
    dataset_id text REFERENCES dataset (id),
    dataset_name text NOT NULL,
    target text NOT NULL,
    trigger text NOT NULL,
    recipe jsonb NOT NULL,
    state text NOT NULL,
    fetched_bytes bigint NOT NULL,
    imported_rows bigint NOT NULL,
    error jsonb,
    dataset_version_id text REFERENCES dataset_version (id),
    fetched_sha256 text,
    operation text NOT NULL,
    request_id text NOT NULL,
    lease_owner text,
    lease_until timestamptz,
    attempts integer NOT NULL,
    created_at timestamptz NOT NULL,
    started_at timestamptz,
    finished_at timestamptz
  )`,
  `CREATE INDEX sync_open ON sync (id) WHERE state IN ('queued', 'fetching', 'importing')`,
  `CREATE INDEX sync_organization ON sync (organization_id, id)`,
  `CREATE INDEX sync_source ON sync (source_id, id) WHERE source_id IS NOT NULL`,
  // A source is read by one sync at a time.
  `CREATE UNIQUE INDEX sync_open_source ON sync (source_id)
    WHERE source_id IS NOT NULL AND state IN ('queued', 'fetching', 'importing')`,
  `ALTER TABLE upload
    ADD COLUMN state text NOT NULL DEFAULT 'complete',
    ADD COLUMN offset_bytes bigint NOT NULL DEFAULT 0,
    ADD COLUMN metadata text NOT NULL DEFAULT '',
    ADD COLUMN expires_at timestamptz`,
  `UPDATE upload SET offset_bytes = size_bytes`,
  `CREATE INDEX upload_expiry ON upload (expires_at) WHERE state = 'open'`,
  `ALTER TABLE dataset_version RENAME COLUMN upload_sha256 TO fetched_sha256`,
  `ALTER TABLE dataset_version
    ALTER COLUMN upload_id DROP NOT NULL,
    ADD COLUMN kind text NOT NULL DEFAULT 'table',
    ADD COLUMN recipe jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN lineage jsonb,
    ADD COLUMN quality jsonb,
    ADD COLUMN histograms jsonb,
    ADD COLUMN sync_id text,
    ADD COLUMN manifest_digest text`,
  // As manifestDigest of platform-blobs: SHA-256 of "<sha256>  snapshot.parquet\\n".
  `UPDATE dataset_version
    SET manifest_digest = encode(sha256(convert_to(sha256 || '  snapshot.parquet' || chr(10), 'UTF8')), 'hex')`,
  `ALTER TABLE dataset_version
    ALTER COLUMN manifest_digest SET NOT NULL,
    DROP CONSTRAINT dataset_version_dataset_id_sha256_key,
    ADD UNIQUE (dataset_id, manifest_digest)`,
  `ALTER TABLE split
    ADD COLUMN strategy text NOT NULL DEFAULT 'random',
    ADD COLUMN column_name text NOT NULL DEFAULT '',
    ADD COLUMN cuts jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN preprocessing_sha256 text NOT NULL DEFAULT ''`,
  `ALTER TABLE split DROP CONSTRAINT split_dataset_version_id_train_validation_test_seed_key`,
  `ALTER TABLE split ADD CONSTRAINT split_same
    UNIQUE (dataset_version_id, strategy, column_name, train, validation, test, seed, cuts)`,
];

/** What the first form cannot hold goes: splits by other strategies, versions from elsewhere, unfinished uploads. */
const DOWN = [
  `DROP TABLE sync`,
  `DROP TABLE source`,
  `DELETE FROM split WHERE strategy <> 'random' OR dataset_version_id IN
    (SELECT id FROM dataset_version WHERE upload_id IS NULL OR kind <> 'table' OR recipe <> '{}')`,
  `ALTER TABLE split DROP CONSTRAINT split_same`,
  `ALTER TABLE split
    DROP COLUMN strategy, DROP COLUMN column_name, DROP COLUMN cuts, DROP COLUMN preprocessing_sha256`,
  `ALTER TABLE split ADD UNIQUE (dataset_version_id, train, validation, test, seed)`,
  `DELETE FROM dataset_version WHERE upload_id IS NULL OR kind <> 'table' OR recipe <> '{}'`,
  `ALTER TABLE dataset_version
    DROP COLUMN kind, DROP COLUMN recipe, DROP COLUMN lineage, DROP COLUMN quality, DROP COLUMN histograms,
    DROP COLUMN sync_id, DROP COLUMN manifest_digest, ALTER COLUMN upload_id SET NOT NULL,
    ADD UNIQUE (dataset_id, sha256)`,
  `ALTER TABLE dataset_version RENAME COLUMN fetched_sha256 TO upload_sha256`,
  `DELETE FROM upload WHERE state <> 'complete'`,
  `ALTER TABLE upload
    DROP COLUMN state, DROP COLUMN offset_bytes, DROP COLUMN metadata, DROP COLUMN expires_at`,
];

/** Sources and syncs, and what versions, splits and uploads have besides since then. */
export class CreateSourcesAndSyncs1732500000000 implements MigrationInterface {
  readonly name = 'CreateSourcesAndSyncs1732500000000';

  async up(db: QueryRunner): Promise<void> {
    for (const statement of UP) await db.query(statement);
  }

  async down(db: QueryRunner): Promise<void> {
    for (const statement of DOWN) await db.query(statement);
  }
}
