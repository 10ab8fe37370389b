import { newId } from '@aimass/platform-persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { unitPriceViolations } from '../money.js';
import type { Money } from '../money.js';
import { planInvalid } from './listings.errors.js';
import { textProblem } from './text.js';

/** What one unit of a plan is. */
export type PlanUnit = 'request';

/** What a vendor says about a plan; null and undefined are what the caller left out. */
export interface PlanDraft {
  readonly listingId: string;
  readonly name: string;
  readonly unit: PlanUnit | null;
  readonly unitPrice: Money | undefined;
}

/** A price that never changes: a row is written once, and the database refuses to change it. */
@Entity()
export class Plan {
  @PrimaryColumn('text')
  readonly id: string;

  @Column('text', { name: 'listing_id' })
  readonly listingId: string;

  @Column('text')
  readonly name: string;

  @Column('text')
  readonly unit: PlanUnit;

  @Column('text')
  readonly currency: string;

  @Column('bigint', { name: 'unit_price_nano' })
  readonly unitPriceNano: string;

  @Column('timestamptz', { name: 'created_at' })
  readonly createdAt: Date;

  /** Throws `invalid` with everything that is wrong. */
  static create({ listingId, name, unit, unitPrice }: PlanDraft): Plan {
    const violations = [
      ...textProblem('name', name, { min: 1, max: 100 }),
      ...(unit === null ? [{ path: 'unit', message: 'Say what is counted: request.' }] : []),
      ...unitPriceViolations('unitPrice', unitPrice),
    ];
    if (violations.length > 0) throw planInvalid(violations);
    return Object.assign(new Plan(), {
      id: newId('pln'),
      listingId,
      name,
      unit,
      currency: unitPrice?.currency,
      unitPriceNano: unitPrice?.nano,
      createdAt: new Date(),
    });
  }

  /** Price of one unit. */
  get unitPrice(): Money {
    return { currency: this.currency, nano: this.unitPriceNano };
  }
}
