import { Inject, Logger, Module } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { NATS } from '@aimass/platform-messaging';
import { CONFIG } from '@aimass/platform-service';
import type { NatsConnection } from '@nats-io/transport-node';
import { IdentityModule } from '../identity/identity.module.js';
import { KeyDirectory } from '../identity/key-directory.js';
import { TRAFFIC_CONTROL } from '../peers.js';
import { DataPlane } from './data-plane.js';
import type { LeaseGrantor, ProxyConfig } from './ports.js';

/** The data plane as a part of the application; `registerDataPlane` gives it its routes. */
@Module({
  imports: [IdentityModule],
  providers: [
    {
      provide: DataPlane,
      inject: [NATS, TRAFFIC_CONTROL, KeyDirectory, CONFIG],
      useFactory: (nats: NatsConnection, leases: LeaseGrantor, keys: KeyDirectory, config: ProxyConfig) =>
        new DataPlane({ nats, leases, keys, config, log: new Logger('data plane') }),
    },
  ],
  exports: [DataPlane],
})
export class ProxyModule implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(@Inject(DataPlane) private readonly plane: DataPlane) {}

  onApplicationBootstrap(): void {
    this.plane.start();
  }

  /** The HTTP server has drained by now. */
  onApplicationShutdown(): Promise<void> {
    return this.plane.stop();
  }
}
