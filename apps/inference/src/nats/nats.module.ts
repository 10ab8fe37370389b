import { Global, Module } from '@nestjs/common';
import { NatsLink } from './nats-link.js';

/** The connection that placement and heartbeat share. */
@Global()
@Module({ providers: [NatsLink], exports: [NatsLink] })
export class NatsModule {}
