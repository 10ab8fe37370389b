import { Module } from '@nestjs/common';
import { ModelsConsumer } from './models.consumer.js';
import { ModelsController } from './models.controller.js';
import { ModelsRepository } from './models.repository.js';
import { ModelsService } from './models.service.js';

@Module({
  controllers: [ModelsController],
  providers: [ModelsConsumer, ModelsRepository, ModelsService],
})
export class ModelsModule {}
