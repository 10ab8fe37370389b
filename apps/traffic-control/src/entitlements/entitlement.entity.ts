import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What a subscription lets an organization call. */
export interface Grant {
  readonly subscriptionId: string;
  readonly consumerOrganizationId: string;
  readonly vendorOrganizationId: string;
  readonly deploymentName: string;
  /** The name the consumer calls: `vendor/name`. */
  readonly routeName: string;
}

/** A subscription as far as traffic is concerned. Once inactive it stays so. */
@Entity()
export class Entitlement implements Grant {
  @PrimaryColumn('text', { name: 'subscription_id' })
  readonly subscriptionId: string;

  @Column('text', { name: 'consumer_organization_id' })
  readonly consumerOrganizationId: string;

  /** Empty when the cancellation came before the activation. */
  @Column('text', { name: 'vendor_organization_id' })
  readonly vendorOrganizationId: string;

  @Column('text', { name: 'deployment_name' })
  readonly deploymentName: string;

  @Column('text', { name: 'route_name' })
  readonly routeName: string;

  @Column('boolean', { name: 'is_active' })
  readonly isActive: boolean;
}
