import { Module } from '@nestjs/common';
import { ConnectorsModule } from '../connectors/connectors.module.js';
import { SyncsModule } from '../syncs/syncs.module.js';
import { SecretRotation } from './secret-rotation.js';
import { SourceRecordsModule } from './source-records.module.js';
import { SourceScheduler } from './source-scheduler.js';
import { SourcesController } from './sources.controller.js';
import { SourcesService } from './sources.service.js';

@Module({
  imports: [ConnectorsModule, SourceRecordsModule, SyncsModule],
  controllers: [SourcesController],
  providers: [SourcesService, SourceScheduler, SecretRotation],
})
export class SourcesModule {}
