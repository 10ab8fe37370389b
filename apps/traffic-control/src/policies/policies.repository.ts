import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { toPage } from '@aimass/platform-persistence';
import type { Page, PageBounds } from '@aimass/platform-persistence';
import { DataSource, In, MoreThan } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { Policy } from './policy.entity.js';

/** All SQL of limits. */
@Injectable()
export class PoliciesRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  transaction<T>(work: (tx: EntityManager) => Promise<T>): Promise<T> {
    return this.dataSource.transaction(work);
  }

  find(organizationId: string, id: string): Promise<Policy | null> {
    return this.dataSource.manager.findOneBy(Policy, { organizationId, id });
  }

  findForUpdate(tx: EntityManager, organizationId: string, id: string): Promise<Policy | null> {
    return tx.findOne(Policy, { where: { organizationId, id }, lock: { mode: 'pessimistic_write' } });
  }

  async insert(tx: EntityManager, policy: Policy): Promise<void> {
    await tx.insert(Policy, policy);
  }

  async delete(tx: EntityManager, policy: Policy): Promise<void> {
    await tx.delete(Policy, { id: policy.id });
  }

  async list(organizationId: string, bounds: PageBounds): Promise<Page<Policy>> {
    const rows = await this.dataSource.manager.find(Policy, {
      where: { organizationId, id: MoreThan(bounds.afterId) },
      order: { id: 'ASC' },
      take: bounds.size + 1,
    });
    return toPage(rows, bounds);
  }

  /** An organization's own limits, and those on the given deployments of others. */
  listApplying(
    tx: EntityManager,
    organizationId: string,
    deploymentIds: readonly string[],
  ): Promise<Policy[]> {
    return tx.find(Policy, {
      where: [{ organizationId }, { target: 'DEPLOYMENT', targetId: In(deploymentIds) }],
    });
  }

  /** Holds these limits, in one order everywhere, until the transaction ends; returns the ids that exist. */
  async lock(tx: EntityManager, ids: readonly string[]): Promise<string[]> {
    const rows: { id: string }[] = await tx.query(
      `SELECT id FROM policy WHERE id = ANY($1::text[]) ORDER BY id COLLATE "C" FOR NO KEY UPDATE`,
      [ids],
    );
    return rows.map((row) => row.id);
  }
}
