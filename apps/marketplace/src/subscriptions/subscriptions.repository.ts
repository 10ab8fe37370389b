import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { toPage } from '@aimass/platform-persistence';
import type { Page, PageBounds } from '@aimass/platform-persistence';
import { DataSource, In, MoreThan } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { Subscription } from './subscription.entity.js';

/** All SQL of subscriptions. */
@Injectable()
export class SubscriptionsRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  transaction<T>(work: (tx: EntityManager) => Promise<T>): Promise<T> {
    return this.dataSource.transaction(work);
  }

  /** Null when the organization is not its consumer. */
  find(
    organizationId: string,
    id: string,
    tx: EntityManager = this.dataSource.manager,
  ): Promise<Subscription | null> {
    return tx.findOneBy(Subscription, { id, consumerOrganizationId: organizationId });
  }

  /** As find, holding the row until the transaction ends. */
  findForUpdate(tx: EntityManager, organizationId: string, id: string): Promise<Subscription | null> {
    return tx.findOne(Subscription, {
      where: { id, consumerOrganizationId: organizationId },
      lock: { mode: 'pessimistic_write' },
    });
  }

  /** Subscriptions by id, of whatever organization; ids that do not exist are left out. */
  findMany(tx: EntityManager, ids: readonly string[]): Promise<Subscription[]> {
    return ids.length === 0 ? Promise.resolve([]) : tx.find(Subscription, { where: { id: In(ids) } });
  }

  /** False when the consumer has an active subscription to the listing or the route name already. */
  async insert(tx: EntityManager, subscription: Subscription): Promise<boolean> {
    const result = await tx
      .createQueryBuilder()
      .insert()
      .into(Subscription)
      .values(subscription)
      .orIgnore()
      .returning('id')
      .execute();
    return (result.raw as unknown[]).length > 0;
  }

  async save(tx: EntityManager, subscription: Subscription): Promise<void> {
    await tx.save(subscription);
  }

  async list(organizationId: string, bounds: PageBounds): Promise<Page<Subscription>> {
    const rows = await this.dataSource.manager.find(Subscription, {
      where: { consumerOrganizationId: organizationId, id: MoreThan(bounds.afterId) },
      order: { id: 'ASC' },
      take: bounds.size + 1,
    });
    return toPage(rows, bounds);
  }
}
