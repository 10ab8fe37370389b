import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { MessagingModule } from '@aimass/platform-messaging';
import { persistenceModule } from '@aimass/platform-persistence';
import { ConfigModule, PeersModule } from '@aimass/platform-service';
import { AliasesModule } from './aliases/aliases.module.js';
import type { Config } from './config.js';
import { entities, migrations } from './data-source.js';
import { DeploymentsModule } from './deployments/deployments.module.js';
import { EntitlementsModule } from './entitlements/entitlements.module.js';
import { LeasesModule } from './leases/leases.module.js';
import { peers } from './peers.js';
import { PoliciesModule } from './policies/policies.module.js';
import { SnapshotsModule } from './snapshots/snapshots.module.js';
import { TrafficControlController } from './traffic-control.controller.js';

/** The table of contents of the service. */
@Module({})
export class AppModule {
  static with(config: Readonly<Config>): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.with(config),
        persistenceModule({
          url: config.DATABASE_URL,
          poolSize: config.DATABASE_POOL_SIZE,
          entities,
          migrations,
        }),
        MessagingModule.with({
          service: 'traffic_control',
          natsUrl: config.NATS_URL,
          databaseUrl: config.DATABASE_URL,
        }),
        PeersModule.with(peers(config)),
        AliasesModule,
        DeploymentsModule,
        EntitlementsModule,
        PoliciesModule,
        LeasesModule,
        SnapshotsModule,
      ],
      controllers: [TrafficControlController],
    };
  }
}
