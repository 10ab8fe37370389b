import { Module } from '@nestjs/common';
import { DeploymentsPeer } from './deployments.peer.js';
import { ListingsRepository } from './listings.repository.js';
import { ListingsService } from './listings.service.js';

@Module({
  providers: [DeploymentsPeer, ListingsRepository, ListingsService],
  exports: [ListingsService],
})
export class ListingsModule {}
