import { newId } from '@aimass/platform-persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One column with its statistics; see the contract for what each means. */
export interface ColumnStatistics {
  readonly name: string;
  readonly kind: 'DOUBLE' | 'BIGINT' | 'BOOLEAN' | 'DATE' | 'TIMESTAMP' | 'VARCHAR';
  readonly nullCount: number;
  readonly distinctCount: number;
  readonly min: string | null;
  readonly max: string | null;
  readonly mean: number | null;
  readonly standardDeviation: number | null;
  readonly quartiles: readonly number[];
}

/** What a version is made of. */
export interface DatasetVersionContent {
  readonly uploadId: string;
  /** Digest of the upload: the same upload need not be imported again. */
  readonly uploadSha256: string;
  /** As text: 64-bit integers. */
  readonly rowCount: string;
  readonly droppedRowCount: string;
  readonly columns: readonly ColumnStatistics[];
  /** Digest of the Parquet snapshot, and its key in the blob store. */
  readonly sha256: string;
  readonly sizeBytes: string;
}

/** One immutable snapshot of a dataset: a row is written once and never changed. */
@Entity()
export class DatasetVersion implements DatasetVersionContent {
  @PrimaryColumn('text')
  readonly id: string;

  @Column('text', { name: 'organization_id' })
  readonly organizationId: string;

  @Column('text', { name: 'dataset_id' })
  readonly datasetId: string;

  @Column('text', { name: 'dataset_name' })
  readonly datasetName: string;

  @Column('integer')
  readonly number: number;

  @Column('text', { name: 'upload_id' })
  readonly uploadId: string;

  @Column('text', { name: 'upload_sha256' })
  readonly uploadSha256: string;

  @Column('bigint', { name: 'row_count' })
  readonly rowCount: string;

  @Column('bigint', { name: 'dropped_row_count' })
  readonly droppedRowCount: string;

  @Column('jsonb')
  readonly columns: readonly ColumnStatistics[];

  @Column('text')
  readonly sha256: string;

  @Column('bigint', { name: 'size_bytes' })
  readonly sizeBytes: string;

  @Column('timestamptz', { name: 'created_at' })
  readonly createdAt: Date;

  static create(
    dataset: { id: string; organizationId: string; name: string },
    number: number,
    content: DatasetVersionContent,
  ): DatasetVersion {
    return Object.assign(new DatasetVersion(), content, {
      id: newId('dsv'),
      organizationId: dataset.organizationId,
      datasetId: dataset.id,
      datasetName: dataset.name,
      number,
      createdAt: new Date(),
    });
  }
}
