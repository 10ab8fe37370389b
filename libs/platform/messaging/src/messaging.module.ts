import { Global, Module } from '@nestjs/common';
import type { DynamicModule, OnApplicationShutdown } from '@nestjs/common';
import { DiscoveryModule, DiscoveryService } from '@nestjs/core';
import { Inject } from '@nestjs/common';
import { getDataSourceToken } from '@nestjs/typeorm';
import type { NatsConnection } from '@nats-io/transport-node';
import type { DataSource } from 'typeorm';
import { EventConsumers } from './event-consumers.js';
import type { DeliveryPolicy } from './event-consumers.js';
import { connectNats } from './nats.js';
import { OutboxRelay } from './outbox-relay.js';

/** Injection token of the NatsConnection. */
export const NATS = Symbol('NATS');

/** How a service takes part in messaging. */
export interface MessagingOptions {
  /** The service's name in subjects: `training`, `data_sources`. */
  readonly service: string;
  readonly natsUrl: string;
  /** With a database the outbox is relayed and `@OnEvent` methods are run; without one there is only the connection. */
  readonly databaseUrl?: string;
  /** Default: ten deliveries, 100 ms after the first. */
  readonly delivery?: DeliveryPolicy;
}

/** Provides NATS, and for services with a database the outbox relay and the event consumers. */
@Global()
@Module({})
export class MessagingModule implements OnApplicationShutdown {
  constructor(@Inject(NATS) private readonly nats: NatsConnection) {}

  static with(options: MessagingOptions): DynamicModule {
    const { databaseUrl } = options;
    return {
      module: MessagingModule,
      imports: [DiscoveryModule],
      providers: [
        { provide: NATS, useFactory: () => connectNats(options.natsUrl, options.service) },
        ...(databaseUrl === undefined ? [] : durableProviders(options, databaseUrl)),
      ],
      exports: [NATS],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.nats.close();
  }
}

function durableProviders({ service, delivery }: MessagingOptions, databaseUrl: string) {
  return [
    {
      provide: OutboxRelay,
      inject: [NATS],
      useFactory: (nats: NatsConnection) => new OutboxRelay(nats, databaseUrl, service.toUpperCase()),
    },
    {
      provide: EventConsumers,
      inject: [NATS, getDataSourceToken(), DiscoveryService],
      useFactory: (nats: NatsConnection, db: DataSource, discovery: DiscoveryService) =>
        new EventConsumers(nats, db, discovery, delivery),
    },
  ];
}
