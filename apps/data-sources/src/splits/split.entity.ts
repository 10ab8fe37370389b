import { newId } from '@aimass/platform-persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Ratios } from './split-plan.js';

/** The rows of one part, a Parquet file in the blob store. */
export interface SplitPart {
  readonly name: string;
  readonly rowCount: number;
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** How rows were chosen. */
export type SplitStrategy = 'random' | 'stratified' | 'time' | 'group';

/** Where a split by time is cut, ISO 8601; empty for other splits. */
export interface SplitCuts {
  readonly validationFrom?: string;
  readonly testFrom?: string;
}

/** Train, validation and test membership of a version's rows: written once, never changed. */
@Entity()
export class Split implements Ratios {
  @PrimaryColumn('text')
  readonly id: string;

  @Column('text', { name: 'organization_id' })
  readonly organizationId: string;

  @Column('text', { name: 'dataset_version_id' })
  readonly datasetVersionId: string;

  @Column('text')
  readonly strategy: SplitStrategy;

  /** The column that decides; empty for random. */
  @Column('text', { name: 'column_name' })
  readonly columnName: string;

  @Column('jsonb')
  readonly cuts: SplitCuts;

  @Column('double precision')
  readonly train: number;

  @Column('double precision')
  readonly validation: number;

  @Column('double precision')
  readonly test: number;

  /** As text: an unsigned 64-bit integer. */
  @Column('text')
  readonly seed: string;

  /** Digest of the transforms fitted on train, which the parts have been through; empty when there are none. */
  @Column('text', { name: 'preprocessing_sha256' })
  readonly preprocessingSha256: string;

  @Column('jsonb')
  readonly parts: readonly SplitPart[];

  @Column('timestamptz', { name: 'created_at' })
  readonly createdAt: Date;

  static create(
    version: { id: string; organizationId: string },
    ratios: Ratios,
    seed: string,
    parts: readonly SplitPart[],
  ): Split {
    return Object.assign(new Split(), {
      id: newId('spl'),
      organizationId: version.organizationId,
      datasetVersionId: version.id,
      strategy: 'random',
      columnName: '',
      cuts: {},
      preprocessingSha256: '',
      train: ratios.train,
      validation: ratios.validation,
      test: ratios.test,
      seed,
      parts,
      createdAt: new Date(),
    });
  }
}
