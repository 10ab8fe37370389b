import { Module } from '@nestjs/common';
import { EntitlementsModule } from '../entitlements/entitlements.module.js';
import { AliasesConsumer } from './aliases.consumer.js';
import { AliasesRepository } from './aliases.repository.js';
import { AliasesService } from './aliases.service.js';

@Module({
  imports: [EntitlementsModule],
  providers: [AliasesConsumer, AliasesRepository, AliasesService],
  exports: [AliasesService],
})
export class AliasesModule {}
