import { newId } from '@aimass/platform-persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Money } from '../money.js';

/** What an entry takes over from its usage event. */
export interface EntryFact {
  readonly id: string;
  readonly occurredAt: Date;
  readonly keyId: string;
  readonly requestId: string;
  readonly modelName: string;
  readonly deploymentId: string;
  readonly modelVersionId: string;
  readonly subscriptionId: string;
  readonly quantity: number;
}

/** Who pays whom how much, under which plan. */
export interface Movement {
  readonly debit: string;
  readonly credit: string;
  /** Empty for the organization's own models. */
  readonly planId: string;
  readonly amount: Money;
}

/**
 * One priced fact, double entry: the row names the account that pays and the account that earns. Rows are only ever
 * added; the database refuses everything else.
 */
@Entity()
export class LedgerEntry {
  @PrimaryColumn('text')
  readonly id: string;

  @Column('text', { name: 'usage_event_id' })
  readonly usageEventId: string;

  @Column('text', { name: 'debit_organization_id' })
  readonly debitOrganizationId: string;

  @Column('text', { name: 'credit_organization_id' })
  readonly creditOrganizationId: string;

  /** Empty for the organization's own models; so is `planId`. */
  @Column('text', { name: 'subscription_id' })
  readonly subscriptionId: string;

  @Column('text', { name: 'plan_id' })
  readonly planId: string;

  @Column('text', { name: 'key_id' })
  readonly keyId: string;

  @Column('text', { name: 'model_name' })
  readonly modelName: string;

  @Column('text', { name: 'model_version_id' })
  readonly modelVersionId: string;

  @Column('text', { name: 'deployment_id' })
  readonly deploymentId: string;

  @Column('text', { name: 'request_id' })
  readonly requestId: string;

  /** Units; up to 2^32 - 1. */
  @Column('bigint')
  readonly quantity: string;

  @Column('text')
  readonly currency: string;

  @Column('bigint', { name: 'amount_nano' })
  readonly amountNano: string;

  @Column('timestamptz', { name: 'occurred_at' })
  readonly occurredAt: Date;

  static create(fact: EntryFact, movement: Movement): LedgerEntry {
    return Object.assign(new LedgerEntry(), {
      id: newId('led'),
      usageEventId: fact.id,
      debitOrganizationId: movement.debit,
      creditOrganizationId: movement.credit,
      subscriptionId: fact.subscriptionId,
      planId: movement.planId,
      keyId: fact.keyId,
      modelName: fact.modelName,
      modelVersionId: fact.modelVersionId,
      deploymentId: fact.deploymentId,
      requestId: fact.requestId,
      quantity: String(fact.quantity),
      currency: movement.amount.currency,
      amountNano: movement.amount.nano,
      occurredAt: fact.occurredAt,
    });
  }

  get amount(): Money {
    return { currency: this.currency, nano: this.amountNano };
  }
}
