import { Module } from '@nestjs/common';
import { TablesModule } from '../tables/tables.module.js';
import { UploadsModule } from '../uploads/uploads.module.js';
import { DatasetsRepository } from './datasets.repository.js';
import { DatasetsService } from './datasets.service.js';

@Module({
  imports: [TablesModule, UploadsModule],
  providers: [DatasetsRepository, DatasetsService],
  exports: [DatasetsService],
})
export class DatasetsModule {}
