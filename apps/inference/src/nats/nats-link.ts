import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import type { NatsConnection } from '@nats-io/transport-node';
import { connectNats } from '@aimass/platform-messaging';
import { CONFIG } from '@aimass/platform-service';
import type { Config } from '../config.js';

/** How long the start waits for NATS before the replica goes on without it. */
const FIRST_ATTEMPT_MS = 2_000;
const RETRY_MS = 1_000;

/**
 * The connection to NATS, which may come late: the replica starts without it and serves what it knows. (The platform's
 * MessagingModule would hold the start until NATS is there.)
 */
@Injectable()
export class NatsLink implements OnModuleInit, OnApplicationShutdown {
  /** Settles once NATS is reached; stays pending until then. */
  readonly connection: Promise<NatsConnection>;
  private readonly logger = new Logger('nats');

  constructor(@Inject(CONFIG) private readonly config: Pick<Config, 'NATS_URL'>) {
    this.connection = this.connect();
  }

  async onModuleInit(): Promise<void> {
    const late = delay(FIRST_ATTEMPT_MS, false, { ref: false });
    const isThere = await Promise.race([this.connection.then(() => true), late]);
    if (!isThere)
      this.logger.warn('NATS does not answer; starting without it and connecting in the background');
  }

  async onApplicationShutdown(): Promise<void> {
    const connected = await Promise.race([this.connection, Promise.resolve(undefined)]);
    await connected?.close();
  }

  private async connect(): Promise<NatsConnection> {
    for (;;) {
      try {
        return await connectNats(this.config.NATS_URL, 'inference');
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        this.logger.warn(`NATS cannot be reached (${reason}); check NATS_URL. Trying again`);
        await delay(RETRY_MS, undefined, { ref: false });
      }
    }
  }
}
