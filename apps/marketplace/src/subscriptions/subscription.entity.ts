import { newId } from '@aimass/platform-persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Money } from '../money.js';
import { ownListing } from './subscriptions.errors.js';

/**
 * Gateways learn of a cancellation a moment later, and clocks differ: a call answered this long after it is still
 * paid for. Milliseconds.
 */
export const CANCEL_GRACE_MS = 60_000;

/** What is subscribed to: a plan of a listing, as it stands at this moment. */
export interface Offer {
  readonly listing: {
    readonly id: string;
    readonly vendorOrganizationId: string;
    readonly deploymentName: string;
    readonly routeName: string;
  };
  readonly plan: { readonly id: string; readonly unitPrice: Money };
}

/** An organization's right to call a listing, at the price of the day it was agreed. */
@Entity()
export class Subscription {
  @PrimaryColumn('text')
  readonly id: string;

  @Column('text', { name: 'consumer_organization_id' })
  readonly consumerOrganizationId: string;

  @Column('text', { name: 'vendor_organization_id' })
  readonly vendorOrganizationId: string;

  @Column('text', { name: 'listing_id' })
  readonly listingId: string;

  @Column('text', { name: 'plan_id' })
  readonly planId: string;

  @Column('text', { name: 'deployment_name' })
  readonly deploymentName: string;

  @Column('text', { name: 'route_name' })
  readonly routeName: string;

  @Column('text')
  readonly currency: string;

  @Column('bigint', { name: 'unit_price_nano' })
  readonly unitPriceNano: string;

  @Column('timestamptz', { name: 'created_at' })
  readonly createdAt: Date;

  /** Null while it is in force. */
  @Column('timestamptz', { name: 'cancelled_at', nullable: true })
  readonly cancelledAt: Date | null;

  /** Throws `conflict` for the vendor itself. */
  static create(consumerOrganizationId: string, { listing, plan }: Offer): Subscription {
    if (listing.vendorOrganizationId === consumerOrganizationId) throw ownListing();
    return Object.assign(new Subscription(), {
      id: newId('sub'),
      consumerOrganizationId,
      vendorOrganizationId: listing.vendorOrganizationId,
      listingId: listing.id,
      planId: plan.id,
      deploymentName: listing.deploymentName,
      routeName: listing.routeName,
      currency: plan.unitPrice.currency,
      unitPriceNano: plan.unitPrice.nano,
      createdAt: new Date(),
      cancelledAt: null,
    });
  }

  /** Price of one unit, frozen. */
  get unitPrice(): Money {
    return { currency: this.currency, nano: this.unitPriceNano };
  }

  /** Ends it. False when it had ended before: then nothing changes. */
  cancel(): boolean {
    if (this.cancelledAt !== null) return false;
    Object.assign(this, { cancelledAt: new Date() });
    return true;
  }

  /** Whether a call answered at this time is paid for. */
  covers(time: Date): boolean {
    return this.cancelledAt === null || time.getTime() <= this.cancelledAt.getTime() + CANCEL_GRACE_MS;
  }
}
