import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { trafficControl } from '@aimass/contracts';
import { MessagingModule } from '@aimass/platform-messaging';
import { persistenceModule } from '@aimass/platform-persistence';
import { ConfigModule, PeersModule } from '@aimass/platform-service';
import type { Config } from './config.js';
import { entities, migrations } from './data-source.js';
import { LedgerModule } from './ledger/ledger.module.js';
import { TRAFFIC_CONTROL } from './listings/deployments.peer.js';
import { ListingsModule } from './listings/listings.module.js';
import { MarketplaceController } from './marketplace.controller.js';
import { SubscriptionsModule } from './subscriptions/subscriptions.module.js';

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
          service: 'marketplace',
          natsUrl: config.NATS_URL,
          databaseUrl: config.DATABASE_URL,
        }),
        PeersModule.with([
          {
            token: TRAFFIC_CONTROL,
            definition: trafficControl.TrafficControlServiceService,
            address: config.TRAFFIC_CONTROL_URL,
            name: 'traffic-control',
          },
        ]),
        ListingsModule,
        SubscriptionsModule,
        LedgerModule,
      ],
      controllers: [MarketplaceController],
    };
  }
}
