import { Module } from '@nestjs/common';
import { RevisionsModule } from '../revisions/revisions.module.js';
import { AudiencesService } from './audiences.service.js';
import { EntitlementsConsumer } from './entitlements.consumer.js';
import { EntitlementsRepository } from './entitlements.repository.js';
import { EntitlementsService } from './entitlements.service.js';

@Module({
  imports: [RevisionsModule],
  providers: [AudiencesService, EntitlementsConsumer, EntitlementsRepository, EntitlementsService],
  exports: [AudiencesService, EntitlementsService],
})
export class EntitlementsModule {}
