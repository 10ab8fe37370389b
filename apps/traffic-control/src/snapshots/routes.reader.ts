import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AliasesService } from '../aliases/aliases.service.js';
import { DeploymentsService } from '../deployments/deployments.service.js';
import { EntitlementsService } from '../entitlements/entitlements.service.js';
import type { SnapshotParts } from './snapshot.mapping.js';

/** Reads what an organization's routes are compiled from. */
@Injectable()
export class RoutesReader {
  constructor(
    private readonly deployments: DeploymentsService,
    private readonly entitlements: EntitlementsService,
    private readonly aliases: AliasesService,
  ) {}

  async read(
    tx: EntityManager,
    organizationId: string,
  ): Promise<Pick<SnapshotParts, 'deployments' | 'entitlements' | 'subscribed' | 'aliases'>> {
    const deployments = await this.deployments.listOf(tx, organizationId);
    const entitlements = await this.entitlements.listActiveOf(tx, organizationId);
    const subscribed = await this.deployments.listNamed(
      tx,
      entitlements.map((one) => ({ organizationId: one.vendorOrganizationId, name: one.deploymentName })),
    );
    const variants = [...deployments, ...subscribed].flatMap((deployment) => deployment.variants);
    const aliases = await this.aliases.list(tx, [
      ...new Set(variants.map((variant) => variant.version.modelId)),
    ]);
    return { deployments, entitlements, subscribed, aliases };
  }
}
