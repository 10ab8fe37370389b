import { Envelope, EVENTS } from '@aimass/contracts';
import type { EventMessage, EventSubject } from '@aimass/contracts';
import type { EntityManager } from 'typeorm';
import { uuidv7 } from 'uuidv7';
import type { MessageCodec } from './kv.js';

/** Wakes the relay when a transaction with new events commits. */
export const OUTBOX_CHANNEL = 'outbox';
/** What a NATS server takes unless told otherwise. A larger event would stay in the outbox, and all behind it. */
const MAX_EVENT_BYTES = 1_000_000;

/**
 * Publishes an event by writing it into the outbox within `tx`: it exists if and only if the transaction commits.
 * Events of one aggregate are published in the order in which they were emitted. Throws when the event is larger than
 * a message may be: large content travels through the blob store.
 */
export async function emit<S extends EventSubject>(
  tx: EntityManager,
  subject: S,
  aggregateId: string,
  message: EventMessage<S>,
): Promise<void> {
  const id = uuidv7();
  const codec = EVENTS[subject] as unknown as MessageCodec<EventMessage<S>>;
  const envelope: Envelope = {
    id,
    subject,
    occurredAt: new Date(),
    aggregateId,
    traceparent: '',
    data: Buffer.from(codec.encode(message).finish()),
  };
  const bytes = Buffer.from(Envelope.encode(envelope).finish());
  if (bytes.length > MAX_EVENT_BYTES) {
    throw new Error(`${subject} has ${bytes.length} bytes: an event holds at most ${MAX_EVENT_BYTES}.`);
  }
  await tx.query(`INSERT INTO outbox (id, subject, aggregate_id, envelope) VALUES ($1, $2, $3, $4)`, [
    id,
    subject,
    aggregateId,
    bytes,
  ]);
  await tx.query(`SELECT pg_notify('${OUTBOX_CHANNEL}', '')`);
}
