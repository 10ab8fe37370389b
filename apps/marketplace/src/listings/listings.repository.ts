import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { toPage } from '@aimass/platform-persistence';
import type { Page, PageBounds } from '@aimass/platform-persistence';
import { DataSource, In } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { Listing } from './listing.entity.js';
import { Plan } from './plan.entity.js';

/** Which listings a page is of. */
export interface ListingFilter {
  /** Only this vendor's, in any state; null for the published ones of everybody. */
  readonly vendorOrganizationId: string | null;
  /** Each must occur in title, description or `vendor/deployment`, in any case. */
  readonly words: readonly string[];
}

/** All SQL of listings and plans. */
@Injectable()
export class ListingsRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  transaction<T>(work: (tx: EntityManager) => Promise<T>): Promise<T> {
    return this.dataSource.transaction(work);
  }

  find(id: string): Promise<Listing | null> {
    return this.dataSource.manager.findOneBy(Listing, { id });
  }

  /** As find, holding the row until the transaction ends. */
  findForUpdate(tx: EntityManager, id: string): Promise<Listing | null> {
    return tx.findOne(Listing, { where: { id }, lock: { mode: 'pessimistic_write' } });
  }

  /** As find, keeping others from moving the listing until the transaction ends. */
  findForShare(tx: EntityManager, id: string): Promise<Listing | null> {
    return tx.findOne(Listing, { where: { id }, lock: { mode: 'pessimistic_read' } });
  }

  /** False when the vendor's deployment, or the route name, has a live listing already. */
  async insert(tx: EntityManager, listing: Listing): Promise<boolean> {
    const result = await tx
      .createQueryBuilder()
      .insert()
      .into(Listing)
      .values(listing)
      .orIgnore()
      .returning('id')
      .execute();
    return (result.raw as unknown[]).length > 0;
  }

  async save(tx: EntityManager, listing: Listing): Promise<void> {
    await tx.save(listing);
  }

  /** Published pages run over the partial index `listing_published`; words are then matched row by row. */
  async list(filter: ListingFilter, bounds: PageBounds): Promise<Page<Listing>> {
    const query = this.dataSource.manager
      .createQueryBuilder(Listing, 'listing')
      .where('listing.id > :afterId', { afterId: bounds.afterId })
      .orderBy('listing.id', 'ASC')
      .take(bounds.size + 1);
    if (filter.vendorOrganizationId === null) query.andWhere(`listing.state = 'published'`);
    else query.andWhere('listing.vendorOrganizationId = :vendor', { vendor: filter.vendorOrganizationId });
    for (const [index, word] of filter.words.entries()) {
      query.andWhere(
        `concat_ws(' ', listing.title, listing.description, listing.vendorName || '/' || listing.deploymentName)
         ILIKE :word${index}`,
        { [`word${index}`]: `%${escapeLike(word)}%` },
      );
    }
    return toPage(await query.getMany(), bounds);
  }

  findPlan(tx: EntityManager, id: string): Promise<Plan | null> {
    return tx.findOneBy(Plan, { id });
  }

  /** The plans of some listings, oldest first. */
  listPlans(listingIds: readonly string[], tx: EntityManager = this.dataSource.manager): Promise<Plan[]> {
    return tx.find(Plan, { where: { listingId: In(listingIds) }, order: { id: 'ASC' } });
  }

  async insertPlan(tx: EntityManager, plan: Plan): Promise<void> {
    await tx.insert(Plan, plan);
  }
}

function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&');
}
