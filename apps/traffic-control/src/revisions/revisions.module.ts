import { Module } from '@nestjs/common';
import { RevisionsRepository } from './revisions.repository.js';
import { RevisionsService } from './revisions.service.js';

@Module({ providers: [RevisionsRepository, RevisionsService], exports: [RevisionsService] })
export class RevisionsModule {}
