import { newId } from '@aimass/platform-persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { aliasInvalid } from './models.errors.js';

/** A named model: it hands out version numbers and holds the aliases that move between versions. */
@Entity()
export class Model {
  @PrimaryColumn('text')
  readonly id: string;

  @Column('text', { name: 'organization_id' })
  readonly organizationId: string;

  @Column('text')
  readonly name: string;

  /** The newest version's number; 0 before the first. */
  @Column('integer', { name: 'latest_version' })
  readonly latestVersion: number;

  /** Alias → version number. */
  @Column('jsonb')
  readonly aliases: Readonly<Record<string, number>>;

  /** Alias → how often it has moved; lets consumers tell a stale move from a new one. */
  @Column('jsonb', { name: 'alias_moves' })
  readonly aliasMoves: Readonly<Record<string, number>>;

  @Column('timestamptz', { name: 'created_at' })
  readonly createdAt: Date;

  static create(organizationId: string, name: string): Model {
    return Object.assign(new Model(), {
      id: newId('mdl'),
      organizationId,
      name,
      latestVersion: 0,
      aliases: {},
      aliasMoves: {},
      createdAt: new Date(),
    });
  }

  /** Hands out the next version number. */
  nextNumber(): number {
    const next = this.latestVersion + 1;
    Object.assign(this, { latestVersion: next });
    return next;
  }

  /** Points an alias at a version number. Returns how often it has moved, or null when it points there already. */
  moveAlias(alias: string, number: number): number | null {
    if (!/^[a-z][a-z0-9_-]{0,62}$/.test(alias)) throw aliasInvalid(alias);
    if (this.aliases[alias] === number) return null;
    const moves = (this.aliasMoves[alias] ?? 0) + 1;
    Object.assign(this, {
      aliases: { ...this.aliases, [alias]: number },
      aliasMoves: { ...this.aliasMoves, [alias]: moves },
    });
    return moves;
  }
}
