import { Injectable } from '@nestjs/common';
import type { trainingEvents } from '@aimass/contracts';
import { OnEvent } from '@aimass/platform-messaging';
import type { EntityManager } from 'typeorm';
import { toRegistration } from './model.mapping.js';
import { ModelsService } from './models.service.js';

/** Events that make models. */
@Injectable()
export class ModelsConsumer {
  constructor(private readonly models: ModelsService) {}

  /** A job's output becomes a version by itself. */
  @OnEvent('training.v1.job.succeeded', 'model_registry__register_job_output')
  async registerJobOutput(event: trainingEvents.JobSucceeded, tx: EntityManager): Promise<void> {
    await this.models.register(tx, toRegistration(event));
  }
}
