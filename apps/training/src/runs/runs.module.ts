import { Module } from '@nestjs/common';
import { JobsModule } from '../jobs/jobs.module.js';
import { RunnersModule } from '../runners/runners.module.js';
import { RunFinisher } from './run-finisher.js';
import { RunFollower } from './run-follower.js';
import { RunSweeper } from './run-sweeper.js';
import { RunToolbox } from './run-tools.js';
import { RunsRepository } from './runs.repository.js';
import { Worker } from './worker.js';

@Module({
  imports: [JobsModule, RunnersModule],
  providers: [RunFinisher, RunFollower, RunSweeper, RunToolbox, RunsRepository, Worker],
})
export class RunsModule {}
