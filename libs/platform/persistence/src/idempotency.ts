import { createHash } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { DomainError } from '@aimass/platform-errors';

/** One create call as its caller identified it. */
export interface Operation {
  readonly organizationId: string;
  /** The caller's idempotency key; empty for none. */
  readonly requestId: string;
  /** The rpc: the same key may be used once with each. */
  readonly name: string;
  /** The request; another payload under the same key is refused. */
  readonly payload: unknown;
}

/**
 * Runs `create` once per (organization, operation, key) within `tx` and remembers the id of what it made, for ever.
 * A repeat returns that id without running it; a repeat with another payload throws `unprocessable`
 * (`idempotency_key_reused`). Without a key it just runs. Concurrent repeats wait for the first.
 */
export async function onceOnly(
  tx: EntityManager,
  operation: Operation,
  create: () => Promise<string>,
): Promise<string> {
  if (operation.requestId === '') return create();
  const fingerprint = createHash('sha256').update(JSON.stringify(operation.payload)).digest('hex');
  const key = [operation.organizationId, operation.name, operation.requestId];
  // The insert takes the row lock, so that a concurrent repeat waits here until this transaction ends.
  const inserted: unknown[] = await tx.query(
    `INSERT INTO idempotency (organization_id, operation, request_id, fingerprint) VALUES ($1, $2, $3, $4)
     ON CONFLICT DO NOTHING RETURNING 1`,
    [...key, fingerprint],
  );
  if (inserted.length === 0) return replay(tx, key, fingerprint);
  const id = await create();
  await tx.query(
    `UPDATE idempotency SET resource_id = $4 WHERE organization_id = $1 AND operation = $2 AND request_id = $3`,
    [...key, id],
  );
  return id;
}

/**
 * Forgets the key of an operation that came to nothing, so that the caller may try again with it. Only while it stands
 * for `resourceId`.
 */
export async function freeKey(
  tx: EntityManager,
  { organizationId, name, requestId }: Omit<Operation, 'payload'>,
  resourceId: string,
): Promise<void> {
  if (requestId === '') return;
  await tx.query(
    `DELETE FROM idempotency
     WHERE organization_id = $1 AND operation = $2 AND request_id = $3 AND resource_id = $4`,
    [organizationId, name, requestId, resourceId],
  );
}

async function replay(tx: EntityManager, key: string[], fingerprint: string): Promise<string> {
  const rows: { fingerprint: string; resource_id: string }[] = await tx.query(
    `SELECT fingerprint, resource_id FROM idempotency WHERE organization_id = $1 AND operation = $2 AND request_id = $3`,
    key,
  );
  const row = rows[0];
  if (row?.fingerprint === fingerprint) return row.resource_id;
  throw new DomainError(
    'unprocessable',
    'idempotency_key_reused',
    'This Idempotency-Key was used with another request.',
  );
}

/** The table behind `onceOnly`, for a service's first migration. */
export const IDEMPOTENCY_TABLE = `
  CREATE TABLE idempotency (
    organization_id text NOT NULL,
    operation text NOT NULL,
    request_id text NOT NULL,
    fingerprint text NOT NULL,
    resource_id text,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, operation, request_id)
  )`;
