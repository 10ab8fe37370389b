import { Module } from '@nestjs/common';
import { DatasetsModule } from '../datasets/datasets.module.js';
import { TablesModule } from '../tables/tables.module.js';
import { SplitsRepository } from './splits.repository.js';
import { SplitsService } from './splits.service.js';

@Module({
  imports: [DatasetsModule, TablesModule],
  providers: [SplitsRepository, SplitsService],
  exports: [SplitsService],
})
export class SplitsModule {}
