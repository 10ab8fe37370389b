import { Module } from '@nestjs/common';
import { DatasetsModule } from '../datasets/datasets.module.js';
import { DiffsService } from '../diffs/diffs.service.js';
import { DownloadsService } from '../downloads/downloads.service.js';
import { SplitsModule } from '../splits/splits.module.js';
import { TablesModule } from '../tables/tables.module.js';
import { DatasetVersionsController } from './dataset-versions.controller.js';
import { LineagesService } from './lineages.service.js';

@Module({
  imports: [DatasetsModule, SplitsModule, TablesModule],
  controllers: [DatasetVersionsController],
  providers: [DiffsService, DownloadsService, LineagesService],
})
export class DatasetVersionsModule {}
