import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { Envelope, EVENTS, streamOf } from '@aimass/contracts';
import type { EventMessage, EventSubject } from '@aimass/contracts';
import { connectNats, ensureStream } from '@aimass/platform-messaging';
import type { MessageCodec } from '@aimass/platform-messaging';
import { randomUUID } from 'node:crypto';

/** Publishes an event as another service's relay would; the same `id` twice is a redelivery. */
export async function publishEvent<S extends EventSubject>(
  natsUrl: string,
  subject: S,
  message: EventMessage<S>,
  id: string = randomUUID(),
): Promise<void> {
  const nats = await connectNats(natsUrl, 'test');
  try {
    await ensureStream(await jetstreamManager(nats), streamOf(subject));
    const codec = EVENTS[subject] as unknown as MessageCodec<EventMessage<S>>;
    const data = Buffer.from(codec.encode(message).finish());
    const envelope: Envelope = {
      id,
      subject,
      occurredAt: new Date(),
      aggregateId: 'test',
      traceparent: '',
      data,
    };
    // No message id: a redelivery must be caught by the inbox, not by the stream's window.
    await jetstream(nats).publish(subject, Envelope.encode(envelope).finish());
  } finally {
    await nats.close();
  }
}
