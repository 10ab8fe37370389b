import { newId } from '@aimass/platform-persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { SplitChoice, SplitCuts, SplitStrategy } from './split-choice.js';
import type { Ratios } from './split-plan.js';

/** The rows of one part, a Parquet file in the blob store. */
export interface SplitPart {
  readonly name: string;
  readonly rowCount: number;
  readonly sha256: string;
  readonly sizeBytes: number;
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
    choice: SplitChoice,
    made: { readonly parts: readonly SplitPart[]; readonly preprocessingSha256: string },
  ): Split {
    return Object.assign(new Split(), splitKey(choice), {
      id: newId('spl'),
      organizationId: version.organizationId,
      datasetVersionId: version.id,
      preprocessingSha256: made.preprocessingSha256,
      parts: made.parts,
      createdAt: new Date(),
    });
  }

  /** How its rows were chosen. */
  get choice(): SplitChoice {
    const { strategy, columnName: column, train, validation, test, seed, cuts } = this;
    const ratios = { train, validation, test };
    if (strategy === 'random') return { strategy, ratios, seed };
    if (strategy !== 'time') return { strategy, column, ratios, seed };
    return hasCuts(cuts) ? { strategy, column, cuts } : { strategy, column, ratios };
  }
}

/** What makes two splits of a version the same: their columns in the table. What a strategy has no use for is nil. */
export type SplitKey = Pick<
  Split,
  'strategy' | 'columnName' | 'cuts' | 'train' | 'validation' | 'test' | 'seed'
>;

export function splitKey(choice: SplitChoice): SplitKey {
  const ratios = 'ratios' in choice ? choice.ratios : { train: 0, validation: 0, test: 0 };
  return {
    strategy: choice.strategy,
    columnName: 'column' in choice ? choice.column : '',
    cuts: 'cuts' in choice ? choice.cuts : {},
    train: ratios.train,
    validation: ratios.validation,
    test: ratios.test,
    seed: 'seed' in choice ? choice.seed : '0',
  };
}

function hasCuts({ validationFrom, testFrom }: SplitCuts): boolean {
  return validationFrom !== undefined || testFrom !== undefined;
}
