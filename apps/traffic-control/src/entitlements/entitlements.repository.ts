import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Entitlement } from './entitlement.entity.js';
import type { Grant } from './entitlement.entity.js';

/** All SQL of entitlements. */
@Injectable()
export class EntitlementsRepository {
  /** False when the subscription is known already, active or cancelled. */
  async insertActive(tx: EntityManager, grant: Grant): Promise<boolean> {
    const rows: unknown[] = await tx.query(
      `INSERT INTO entitlement (subscription_id, consumer_organization_id, vendor_organization_id, deployment_name,
         route_name, is_active) VALUES ($1, $2, $3, $4, $5, true) ON CONFLICT DO NOTHING RETURNING 1`,
      [
        grant.subscriptionId,
        grant.consumerOrganizationId,
        grant.vendorOrganizationId,
        grant.deploymentName,
        grant.routeName,
      ],
    );
    return rows.length > 0;
  }

  /** Marks the subscription cancelled, known or not. */
  async cancel(tx: EntityManager, subscriptionId: string, consumerOrganizationId: string): Promise<void> {
    await tx.query(
      `INSERT INTO entitlement (subscription_id, consumer_organization_id, vendor_organization_id, deployment_name,
         route_name, is_active) VALUES ($1, $2, '', '', '', false)
       ON CONFLICT (subscription_id) DO UPDATE SET is_active = false`,
      [subscriptionId, consumerOrganizationId],
    );
  }

  listActiveOf(tx: EntityManager, consumerOrganizationId: string): Promise<Entitlement[]> {
    return tx.find(Entitlement, {
      where: { consumerOrganizationId, isActive: true },
      order: { subscriptionId: 'ASC' },
    });
  }

  /** Who may call a deployment of the vendor, or any of them. */
  async subscribersOf(
    tx: EntityManager,
    vendorOrganizationId: string,
    deploymentName?: string,
  ): Promise<string[]> {
    const rows: { id: string }[] = await tx.query(
      `SELECT DISTINCT consumer_organization_id AS id FROM entitlement
       WHERE is_active AND vendor_organization_id = $1 AND ($2::text IS NULL OR deployment_name = $2)`,
      [vendorOrganizationId, deploymentName ?? null],
    );
    return rows.map((row) => row.id);
  }
}
