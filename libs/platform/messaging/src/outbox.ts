import { Envelope, EVENTS } from '@aimass/contracts';
import type { EventMessage, EventSubject } from '@aimass/contracts';
import type { EntityManager } from 'typeorm';
import { uuidv7 } from 'uuidv7';

/** Wakes the relay when a transaction with new events commits. */
export const OUTBOX_CHANNEL = 'outbox';

/**
 * Publishes an event by writing it into the outbox within `tx`: it exists if and only if the transaction commits.
 * Events of one aggregate are published in the order in which they were emitted.
 */
export async function emit<S extends EventSubject>(
  tx: EntityManager,
  subject: S,
  aggregateId: string,
  message: EventMessage<S>,
): Promise<void> {
  const id = uuidv7();
  const encode = EVENTS[subject].encode as (message: EventMessage<S>) => { finish(): Uint8Array };
  const envelope: Envelope = {
    id,
    subject,
    occurredAt: new Date(),
    aggregateId,
    traceparent: '',
    data: Buffer.from(encode(message).finish()),
  };
  await tx.query(`INSERT INTO outbox (id, subject, aggregate_id, envelope) VALUES ($1, $2, $3, $4)`, [
    id,
    subject,
    aggregateId,
    Buffer.from(Envelope.encode(envelope).finish()),
  ]);
  await tx.query(`SELECT pg_notify('${OUTBOX_CHANNEL}', '')`);
}
