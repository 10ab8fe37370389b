import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { RevisionsService } from '../revisions/revisions.service.js';
import { EntitlementsRepository } from './entitlements.repository.js';

/** Knows whose snapshots a change of one organization reaches: its own, and those of its subscribers. */
@Injectable()
export class AudiencesService {
  constructor(
    private readonly entitlements: EntitlementsRepository,
    private readonly revisions: RevisionsService,
  ) {}

  /** Makes this the only transaction that changes what the owner has; see RevisionsService. */
  claim(tx: EntityManager, ownerOrganizationId: string): Promise<void> {
    return this.revisions.claim(tx, ownerOrganizationId);
  }

  /** Something changed that only the owner's own callers see. */
  ownerChanged(tx: EntityManager, ownerOrganizationId: string): Promise<void> {
    return this.revisions.changed(tx, [ownerOrganizationId]);
  }

  /** Something changed about one deployment, or (without a name) perhaps about any of the owner's. */
  async deploymentChanged(
    tx: EntityManager,
    ownerOrganizationId: string,
    deploymentName?: string,
  ): Promise<void> {
    const subscribers = await this.entitlements.subscribersOf(tx, ownerOrganizationId, deploymentName);
    await this.revisions.changed(tx, [ownerOrganizationId, ...subscribers]);
  }
}
