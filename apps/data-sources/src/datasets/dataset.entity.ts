import { newId } from '@aimass/platform-persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { datasetNameInvalid } from './datasets.errors.js';

/** Named data: it hands out version numbers. */
@Entity()
export class Dataset {
  @PrimaryColumn('text')
  readonly id: string;

  @Column('text', { name: 'organization_id' })
  readonly organizationId: string;

  @Column('text')
  readonly name: string;

  /** The newest version's number; 0 before the first. */
  @Column('integer', { name: 'latest_version' })
  readonly latestVersion: number;

  @Column('timestamptz', { name: 'created_at' })
  readonly createdAt: Date;

  /** Throws `invalid` for a name that cannot be one. */
  static create(organizationId: string, name: string): Dataset {
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(name)) throw datasetNameInvalid(name);
    return Object.assign(new Dataset(), {
      id: newId('ds'),
      organizationId,
      name,
      latestVersion: 0,
      createdAt: new Date(),
    });
  }

  /** Hands out the next version number. */
  nextNumber(): number {
    const next = this.latestVersion + 1;
    Object.assign(this, { latestVersion: next });
    return next;
  }
}
