import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, DiscoveryModule } from '@nestjs/core';
import { MessagingModule } from '@aimass/platform-messaging';
import { persistenceModule } from '@aimass/platform-persistence';
import { ConfigModule, PeersModule } from '@aimass/platform-service';
import { ApiModule } from './api/api.module.js';
import type { Config } from './config.js';
import { entities, migrations } from './data-source.js';
import { AcceptedInterceptor } from './http/accepted.interceptor.js';
import { EmptyListsInterceptor } from './http/empty-lists.interceptor.js';
import { ProblemFilter } from './http/problem.filter.js';
import { RouteGuard } from './http/route.guard.js';
import { IdentityModule } from './identity/identity.module.js';
import { peersOf } from './peers.js';
import { ProxyModule } from './proxy/proxy.module.js';

/** The table of contents of the service. */
@Module({})
export class AppModule {
  static with(config: Readonly<Config>): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.with(config),
        DiscoveryModule,
        persistenceModule({
          url: config.DATABASE_URL,
          poolSize: config.DATABASE_POOL_SIZE,
          entities,
          migrations,
        }),
        MessagingModule.with({ service: 'gateway', natsUrl: config.NATS_URL }),
        PeersModule.with(peersOf(config)),
        IdentityModule,
        ApiModule,
        ProxyModule,
      ],
      providers: [
        { provide: APP_GUARD, useClass: RouteGuard },
        { provide: APP_INTERCEPTOR, useClass: EmptyListsInterceptor },
        // Within the one above, which looks at the status that this one sets.
        { provide: APP_INTERCEPTOR, useClass: AcceptedInterceptor },
        { provide: APP_FILTER, useClass: ProblemFilter },
      ],
    };
  }
}
