import { Module } from '@nestjs/common';
import { AliasesModule } from '../aliases/aliases.module.js';
import { EntitlementsModule } from '../entitlements/entitlements.module.js';
import { DeploymentsRepository } from './deployments.repository.js';
import { DeploymentsService } from './deployments.service.js';
import { VersionResolver } from './version-resolver.js';

@Module({
  imports: [AliasesModule, EntitlementsModule],
  providers: [DeploymentsRepository, DeploymentsService, VersionResolver],
  exports: [DeploymentsService],
})
export class DeploymentsModule {}
