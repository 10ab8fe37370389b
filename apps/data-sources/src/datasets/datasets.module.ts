import { Module } from '@nestjs/common';
import { TablesModule } from '../tables/tables.module.js';
import { DatasetsRepository } from './datasets.repository.js';
import { DatasetsService } from './datasets.service.js';
import { VersionWriter } from './version-writer.js';

@Module({
  imports: [TablesModule],
  providers: [DatasetsRepository, DatasetsService, VersionWriter],
  exports: [DatasetsService, VersionWriter],
})
export class DatasetsModule {}
