import { AckPolicy, DeliverPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { Envelope, EVENTS, marketplace } from '@aimass/contracts';
import type { EventSubject } from '@aimass/contracts';
import { connectNats } from '@aimass/platform-messaging';
import { createTestDatabase, eventually, startServiceUnderTest, testNatsUrl } from '@aimass/testing';
import { Client } from 'pg';
import { AppModule } from '../src/app.module.js';
import { startFakeTrafficControl } from './fixtures.js';
import type { MarketplaceClient } from './fixtures.js';

/** The service under test, once `startMarketplace` has run. */
export let client: MarketplaceClient;

/** Its database, as its own user. */
export let db: Client;

/** Starts the service with a stand-in of traffic-control; returns how to stop both. */
export async function startMarketplace(): Promise<() => Promise<void>> {
  const DATABASE_URL = await createTestDatabase();
  const peer = await startFakeTrafficControl();
  const service = await startServiceUnderTest(marketplace.MarketplaceServiceService, (GRPC_PORT) =>
    AppModule.with({
      GRPC_PORT,
      GRPC_HOST: '127.0.0.1',
      LOG_LEVEL: 'silent',
      NATS_URL: testNatsUrl(),
      DATABASE_URL,
      DATABASE_POOL_SIZE: 6,
      TRAFFIC_CONTROL_URL: peer.address,
    }),
  );
  client = service.client;
  db = new Client({ connectionString: DATABASE_URL });
  await db.connect();
  return async () => {
    await db.end();
    await service.stop();
    peer.stop();
  };
}

/** The events about one thing that have left the outbox. */
export async function events(subject: EventSubject, aggregateId: string): Promise<unknown[]> {
  const nats = await connectNats(testNatsUrl(), 'test');
  try {
    return await eventually(async () => {
      const manager = await jetstreamManager(nats);
      const { name } = await manager.consumers.add('MARKETPLACE', {
        filter_subject: subject,
        ack_policy: AckPolicy.None,
        deliver_policy: DeliverPolicy.All,
        inactive_threshold: 10_000_000_000,
      });
      const consumer = await jetstream(nats).consumers.get('MARKETPLACE', name);
      const found: unknown[] = [];
      const messages = await consumer.fetch({ max_messages: 10_000, expires: 1_000 });
      for await (const message of messages) {
        const envelope = Envelope.decode(message.data);
        if (envelope.aggregateId === aggregateId) found.push(EVENTS[subject].decode(envelope.data));
        if (message.info.pending === 0) break;
      }
      return found.length > 0 ? found : undefined;
    });
  } finally {
    await nats.close();
  }
}
