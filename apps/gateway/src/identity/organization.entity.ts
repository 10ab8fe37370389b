import { newId } from '@aimass/platform-persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What an organization may be; it may be several. */
export const ORGANIZATION_KINDS = ['consumer', 'vendor', 'promoter', 'integrator'] as const;

export type OrganizationKind = (typeof ORGANIZATION_KINDS)[number];

/** A tenant; owns everything. */
@Entity()
export class Organization {
  @PrimaryColumn('text')
  readonly id: string;

  /** Unique; the first part of `vendor/name` when it sells. */
  @Column('text')
  readonly name: string;

  @Column('text', { array: true })
  readonly kinds: readonly OrganizationKind[];

  @Column('timestamptz', { name: 'created_at' })
  readonly createdAt: Date;

  static create(name: string, kinds: readonly OrganizationKind[]): Organization {
    return Object.assign(new Organization(), { id: newId('org'), name, kinds, createdAt: new Date() });
  }
}
