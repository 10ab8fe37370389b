import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { toPage } from '@aimass/platform-persistence';
import type { Page, PageBounds } from '@aimass/platform-persistence';
import { DataSource, MoreThan } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { Deployment } from './deployment.entity.js';

/** Names a deployment across organizations. */
export interface DeploymentName {
  readonly organizationId: string;
  readonly name: string;
}

/** All SQL of deployments. */
@Injectable()
export class DeploymentsRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  transaction<T>(work: (tx: EntityManager) => Promise<T>): Promise<T> {
    return this.dataSource.transaction(work);
  }

  /** By id or name; null when the organization has none such. */
  find(organizationId: string, deployment: string): Promise<Deployment | null> {
    return this.dataSource.manager.findOne(Deployment, { where: idOrName(organizationId, deployment) });
  }

  findById(tx: EntityManager, organizationId: string, id: string): Promise<Deployment | null> {
    return tx.findOneBy(Deployment, { organizationId, id });
  }

  /** As find, holding the row until the transaction ends. */
  findForUpdate(tx: EntityManager, organizationId: string, deployment: string): Promise<Deployment | null> {
    return tx.findOne(Deployment, {
      where: idOrName(organizationId, deployment),
      lock: { mode: 'pessimistic_write' },
    });
  }

  /** False when the organization has a deployment of this name. */
  async insert(tx: EntityManager, deployment: Deployment): Promise<boolean> {
    const inserted = await tx
      .createQueryBuilder()
      .insert()
      .into(Deployment)
      .values(deployment)
      .orIgnore()
      .returning('id')
      .execute();
    return (inserted.raw as unknown[]).length > 0;
  }

  async save(tx: EntityManager, deployment: Deployment): Promise<void> {
    await tx.save(deployment);
  }

  /** Takes it away together with the limits on it. */
  async delete(tx: EntityManager, deployment: Deployment): Promise<void> {
    // In the order in which leases lock their limits; the cascade alone would take them in any order.
    await tx.query(`SELECT 1 FROM policy WHERE deployment_id = $1 ORDER BY id COLLATE "C" FOR UPDATE`, [
      deployment.id,
    ]);
    await tx.delete(Deployment, { id: deployment.id });
  }

  async list(organizationId: string, bounds: PageBounds): Promise<Page<Deployment>> {
    const rows = await this.dataSource.manager.find(Deployment, {
      where: { organizationId, id: MoreThan(bounds.afterId) },
      order: { id: 'ASC' },
      take: bounds.size + 1,
    });
    return toPage(rows, bounds);
  }

  listOf(tx: EntityManager, organizationId: string): Promise<Deployment[]> {
    return tx.findBy(Deployment, { organizationId });
  }

  /** Those that exist, in one statement however many; served by the unique index on organization and name. */
  listNamed(tx: EntityManager, names: readonly DeploymentName[]): Promise<Deployment[]> {
    return tx
      .createQueryBuilder(Deployment, 'd')
      .where(
        '(d.organization_id, d.name) IN (SELECT * FROM unnest(CAST(:organizations AS text[]), CAST(:names AS text[])))',
        {
          organizations: names.map((name) => name.organizationId),
          names: names.map((name) => name.name),
        },
      )
      .getMany();
  }
}

function idOrName(organizationId: string, deployment: string) {
  return [
    { organizationId, id: deployment },
    { organizationId, name: deployment },
  ];
}
