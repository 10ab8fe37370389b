import { Module } from '@nestjs/common';
import { RunnersModule } from '../runners/runners.module.js';
import { JobChanges } from './job-changes.js';
import { JobFilesService } from './job-files.service.js';
import { JobWatcher } from './job-watcher.service.js';
import { JobsController } from './jobs.controller.js';
import { JobsRepository } from './jobs.repository.js';
import { JobsService } from './jobs.service.js';
import { SplitsClient } from './splits.client.js';

@Module({
  imports: [RunnersModule],
  controllers: [JobsController],
  providers: [JobChanges, JobFilesService, JobWatcher, JobsRepository, JobsService, SplitsClient],
  exports: [JobChanges],
})
export class JobsModule {}
