import { Module } from '@nestjs/common';
import { AliasesModule } from '../aliases/aliases.module.js';
import { DeploymentsModule } from '../deployments/deployments.module.js';
import { EntitlementsModule } from '../entitlements/entitlements.module.js';
import { PoliciesModule } from '../policies/policies.module.js';
import { RevisionsModule } from '../revisions/revisions.module.js';
import { RoutesReader } from './routes.reader.js';
import { SnapshotsPublisher } from './snapshots.publisher.js';
import { SnapshotsService } from './snapshots.service.js';

@Module({
  imports: [AliasesModule, DeploymentsModule, EntitlementsModule, PoliciesModule, RevisionsModule],
  providers: [RoutesReader, SnapshotsPublisher, SnapshotsService],
})
export class SnapshotsModule {}
