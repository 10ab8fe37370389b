import { Module } from '@nestjs/common';
import { ConnectorsModule } from '../connectors/connectors.module.js';
import { DatasetsModule } from '../datasets/datasets.module.js';
import { FormatsModule } from '../formats/formats.module.js';
import { SourceRecordsModule } from '../sources/source-records.module.js';
import { TablesModule } from '../tables/tables.module.js';
import { UploadsModule } from '../uploads/uploads.module.js';
import { Importer } from './importer.js';
import { ImportsService } from './imports.service.js';
import { Origins } from './origins.js';
import { SyncAttempts } from './sync-attempts.js';
import { SyncFinisher } from './sync-finisher.js';
import { SyncNews } from './sync-news.js';
import { SyncPulses } from './sync-pulses.js';
import { SyncReader } from './sync-reader.js';
import { SyncRunner } from './sync-runner.js';
import { SyncWorker } from './sync-worker.js';
import { SyncsController } from './syncs.controller.js';
import { SyncsRepository } from './syncs.repository.js';
import { SyncsService } from './syncs.service.js';

@Module({
  imports: [
    ConnectorsModule,
    DatasetsModule,
    FormatsModule,
    SourceRecordsModule,
    TablesModule,
    UploadsModule,
  ],
  controllers: [SyncsController],
  providers: [
    SyncsRepository,
    SyncNews,
    SyncsService,
    ImportsService,
    Origins,
    SyncReader,
    Importer,
    SyncPulses,
    SyncAttempts,
    SyncFinisher,
    SyncRunner,
    SyncWorker,
  ],
  exports: [SyncsService, ImportsService],
})
export class SyncsModule {}
