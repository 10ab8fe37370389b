import { Injectable, Logger } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { AckPolicy, DeliverPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { ConsumerMessages, JsMsg } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { Envelope, EVENTS, streamOf } from '@aimass/contracts';
import type { DataSource, EntityManager } from 'typeorm';
import { setTimeout as delay } from 'node:timers/promises';
import { ON_EVENT } from './on-event.js';
import type { EventSubscription } from './on-event.js';
import { ensureStream } from './streams.js';

const SECOND_NS = 1_000_000_000;
const MAX_BACKOFF_MS = 10_000;

/** How often a failing event is delivered again. */
export interface DeliveryPolicy {
  /** After this many failed deliveries an event is set aside in `dead_letter`. */
  readonly maxDeliveries: number;
  /** Wait before the second delivery; doubles each time, up to 10 s. */
  readonly firstBackoffMs: number;
}

const DELIVERY: DeliveryPolicy = { maxDeliveries: 10, firstBackoffMs: 100 };

interface Subscription extends EventSubscription {
  readonly handle: (event: unknown, tx: EntityManager) => Promise<void>;
}

/**
 * Runs every `@OnEvent` method of the application as a durable JetStream consumer. The handler's effect and its inbox
 * row commit in one transaction, so a redelivery does nothing. An event that keeps failing ends in `dead_letter`.
 */
@Injectable()
export class EventConsumers implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(EventConsumers.name);
  private readonly open = new Set<ConsumerMessages>();
  private readonly loops: Promise<void>[] = [];
  private readonly stopping = new AbortController();

  constructor(
    private readonly nats: NatsConnection,
    private readonly dataSource: DataSource,
    private readonly discovery: DiscoveryService,
    private readonly delivery: DeliveryPolicy = DELIVERY,
  ) {}

  onApplicationBootstrap(): void {
    const subscriptions = this.findSubscriptions();
    const durables = new Set(subscriptions.map((subscription) => subscription.durable));
    if (durables.size !== subscriptions.length) throw new Error('Two @OnEvent methods share a durable name.');
    for (const subscription of subscriptions) this.loops.push(this.keepConsuming(subscription));
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await Promise.all([...this.open].map((messages) => messages.close()));
    await Promise.all(this.loops);
  }

  private findSubscriptions(): Subscription[] {
    const scanner = new MetadataScanner();
    return this.discovery.getProviders().flatMap(({ instance }) => {
      if (!instance || typeof instance !== 'object') return [];
      const owner = instance as Record<string, unknown>;
      return scanner.getAllMethodNames(Object.getPrototypeOf(instance) as object).flatMap((name) => {
        const method = owner[name];
        if (typeof method !== 'function') return [];
        const found = Reflect.getMetadata(ON_EVENT, method) as EventSubscription | undefined;
        return found ? [{ ...found, handle: method.bind(instance) as Subscription['handle'] }] : [];
      });
    });
  }

  private async keepConsuming(subscription: Subscription): Promise<void> {
    while (!this.isStopping()) {
      try {
        await this.consume(subscription);
      } catch (error) {
        if (this.isStopping()) return;
        this.logger.warn(`${subscription.durable} starts again: ${String(error)}`);
        await delay(1_000);
      }
    }
  }

  private isStopping(): boolean {
    return this.stopping.signal.aborted;
  }

  private async consume(subscription: Subscription): Promise<void> {
    const manager = await jetstreamManager(this.nats);
    const stream = streamOf(subscription.subject);
    await ensureStream(manager, stream);
    await manager.consumers.add(stream, {
      durable_name: subscription.durable,
      filter_subject: subscription.subject,
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      ack_wait: 30 * SECOND_NS,
      max_ack_pending: 64,
    });
    const consumer = await jetstream(this.nats).consumers.get(stream, subscription.durable);
    const messages = await consumer.consume({ max_messages: 64, abort_on_missing_resource: true });
    this.open.add(messages);
    try {
      if (this.isStopping()) return;
      for await (const message of messages) await this.deliver(subscription, message);
    } finally {
      this.open.delete(messages);
    }
  }

  private async deliver(subscription: Subscription, message: JsMsg): Promise<void> {
    try {
      await this.handleOnce(subscription, Envelope.decode(message.data));
      message.ack();
    } catch (error) {
      this.logger.warn(
        `${subscription.durable} failed on delivery ${message.info.deliveryCount}: ${String(error)}`,
      );
      if (message.info.deliveryCount < this.delivery.maxDeliveries) {
        message.nak(this.backoffMs(message.info.deliveryCount));
        return;
      }
      await this.setAside(subscription, message, error);
    }
  }

  private async handleOnce(subscription: Subscription, envelope: Envelope): Promise<void> {
    const event = EVENTS[subscription.subject].decode(envelope.data);
    await this.dataSource.transaction(async (tx) => {
      const inserted: unknown[] = await tx.query(
        `INSERT INTO inbox (consumer, message_id) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING 1`,
        [subscription.durable, envelope.id],
      );
      if (inserted.length > 0) await subscription.handle(event, tx);
    });
  }

  private backoffMs(deliveryCount: number): number {
    return Math.min(MAX_BACKOFF_MS, this.delivery.firstBackoffMs * 2 ** (deliveryCount - 1));
  }

  private async setAside(subscription: Subscription, message: JsMsg, error: unknown): Promise<void> {
    const id = message.headers?.get('Nats-Msg-Id') ?? `${message.info.stream}:${message.seq}`;
    await this.dataSource
      .query(
        `INSERT INTO dead_letter (consumer, message_id, subject, envelope, reason) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT DO NOTHING`,
        [subscription.durable, id, message.subject, Buffer.from(message.data), String(error)],
      )
      .then(() => message.term('set aside in dead_letter'))
      .catch((failure: unknown) => {
        this.logger.error(`cannot set ${id} aside: ${String(failure)}`);
        message.nak(5_000);
      });
  }
}
