import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { MessagingModule } from '@aimass/platform-messaging';
import { persistenceModule } from '@aimass/platform-persistence';
import { BlobsModule, ConfigModule } from '@aimass/platform-service';
import type { Config } from './config.js';
import { entities, migrations } from './data-source.js';
import { ModelsModule } from './models/models.module.js';

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
          service: 'model_registry',
          natsUrl: config.NATS_URL,
          databaseUrl: config.DATABASE_URL,
        }),
        BlobsModule.with(config.BLOB_DIR),
        ModelsModule,
      ],
    };
  }
}
