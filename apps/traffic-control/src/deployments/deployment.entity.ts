import { createHash } from 'node:crypto';
import { isId, newId } from '@aimass/platform-persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { deploymentMoved, nameInvalid } from './deployments.errors.js';
import type { Variant } from './variant.js';

/** A model name that takes traffic, and who gets which share of it. */
@Entity()
export class Deployment {
  @PrimaryColumn('text')
  readonly id: string;

  @Column('text', { name: 'organization_id' })
  readonly organizationId: string;

  @Column('text')
  readonly name: string;

  /** 1 to 20, names unique, weights add up to more than 0. */
  @Column('jsonb')
  readonly variants: readonly Variant[];

  /** Counts the updates. */
  @Column('integer')
  readonly version: number;

  @Column('timestamptz', { name: 'created_at' })
  readonly createdAt: Date;

  @Column('timestamptz', { name: 'updated_at' })
  readonly updatedAt: Date;

  /** `variants` come from `toVariants`. Throws `invalid` for a name that cannot be one. */
  static create(organizationId: string, name: string, variants: readonly Variant[]): Deployment {
    assertName(name);
    const now = new Date();
    return Object.assign(new Deployment(), {
      id: newId('dep'),
      organizationId,
      name,
      variants,
      version: 1,
      createdAt: now,
      updatedAt: now,
    });
  }

  /** Opaque; changes with every update, and no two deployments ever share one. */
  get etag(): string {
    return createHash('sha256').update(`${this.id}:${this.version}`).digest('base64url').slice(0, 22);
  }

  /** Throws `precondition_failed` when the caller has seen another state than this; an empty etag is not checked. */
  assertEtag(etag: string): void {
    if (etag !== '' && etag !== this.etag) throw deploymentMoved(this.name);
  }

  /** Replaces the variants in one step. */
  replaceVariants(variants: readonly Variant[]): void {
    Object.assign(this, { variants, version: this.version + 1, updatedAt: new Date() });
  }
}

/** Throws `invalid` for a name that callers could not use, or that could be taken for an id. */
export function assertName(name: string): void {
  if (!/^[a-z0-9][a-z0-9._-]{0,127}$/.test(name) || isId('dep', name)) throw nameInvalid(name);
}
