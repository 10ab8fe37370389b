import { Module } from '@nestjs/common';
import { ModelsConsumer } from './models.consumer.js';
import { ModelsController } from './models.controller.js';
import { ModelsRepository } from './models.repository.js';
import { ModelsService } from './models.service.js';
import { RegistrationsService } from './registrations.service.js';
import { VersionFiles } from './version-files.js';

@Module({
  controllers: [ModelsController],
  providers: [ModelsConsumer, ModelsRepository, ModelsService, RegistrationsService, VersionFiles],
})
export class ModelsModule {}
