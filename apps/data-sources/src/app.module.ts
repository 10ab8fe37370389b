import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { MessagingModule } from '@aimass/platform-messaging';
import { persistenceModule } from '@aimass/platform-persistence';
import { BlobsModule, ConfigModule } from '@aimass/platform-service';
import type { Config } from './config.js';
import { DataSourcesController } from './data-sources.controller.js';
import { entities, migrations } from './data-source.js';
import { DatasetVersionsModule } from './dataset-versions/dataset-versions.module.js';
import { DatasetsModule } from './datasets/datasets.module.js';
import { SourcesModule } from './sources/sources.module.js';
import { SplitsModule } from './splits/splits.module.js';
import { SyncsModule } from './syncs/syncs.module.js';
import { UploadsModule } from './uploads/uploads.module.js';

/** The table of contents of the service. */
@Module({})
export class AppModule {
  static with(config: Readonly<Config>): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.with(config),
        BlobsModule.with(config.BLOB_DIR),
        persistenceModule({
          url: config.DATABASE_URL,
          poolSize: config.DATABASE_POOL_SIZE,
          entities,
          migrations,
        }),
        MessagingModule.with({
          service: 'data_sources',
          natsUrl: config.NATS_URL,
          databaseUrl: config.DATABASE_URL,
        }),
        UploadsModule,
        DatasetsModule,
        SplitsModule,
        DatasetVersionsModule,
        SyncsModule,
        SourcesModule,
      ],
      controllers: [DataSourcesController],
    };
  }
}
