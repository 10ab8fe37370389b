import { Module } from '@nestjs/common';
import { DatasetsModule } from '../datasets/datasets.module.js';
import { TablesModule } from '../tables/tables.module.js';
import { SplitTables } from './split-tables.js';
import { SplitsController } from './splits.controller.js';
import { SplitsRepository } from './splits.repository.js';
import { SplitsService } from './splits.service.js';

@Module({
  imports: [DatasetsModule, TablesModule],
  controllers: [SplitsController],
  providers: [SplitsRepository, SplitTables, SplitsService],
  exports: [SplitsService],
})
export class SplitsModule {}
