import { Injectable } from '@nestjs/common';
import { PoliciesService } from '../policies/policies.service.js';
import { RevisionsService } from '../revisions/revisions.service.js';
import { RoutesReader } from './routes.reader.js';
import { toRoutingSnapshot } from './snapshot.mapping.js';
import type { RoutingSnapshot } from './snapshot.mapping.js';

/** Compiles what a gateway must know to serve one organization, from this database alone. */
@Injectable()
export class SnapshotsService {
  constructor(
    private readonly revisions: RevisionsService,
    private readonly routes: RoutesReader,
    private readonly policies: PoliciesService,
  ) {}

  /** The organization's snapshot as of now; everything in it belongs to the revision it bears. */
  async compile(organizationId: string): Promise<RoutingSnapshot> {
    const parts = await this.revisions.readAtOneInstant(organizationId, async (tx, revision) => {
      const routes = await this.routes.read(tx, organizationId);
      const deploymentIds = routes.subscribed.map((deployment) => deployment.id);
      const policies = await this.policies.listApplying(tx, organizationId, deploymentIds);
      return { organizationId, revision, ...routes, policies };
    });
    return toRoutingSnapshot(parts);
  }
}
