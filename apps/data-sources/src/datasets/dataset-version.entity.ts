import { newId } from '@aimass/platform-persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { QualityReport } from '../quality/finding.js';
import type { StoredSpreads } from '../quality/inspect-table.js';
import type { Recipe } from '../recipes/recipe.js';
import type { ColumnProfile } from '../tables/table.js';

/** One column with its statistics; see the contract for what each means. */
export type ColumnStatistics = ColumnProfile;

/** What a version holds. */
export type DatasetKind = 'table' | 'images' | 'tensors';

/** Where a version came from. */
export interface Lineage {
  readonly kind: 'upload' | 'version' | 'http' | 's3' | 'postgres';
  /** What was read, without credentials. */
  readonly location: string;
  readonly sourceId: string | null;
  readonly uploadId: string | null;
  readonly parentVersionId: string | null;
  readonly fetchedSha256: string;
  readonly files: readonly { readonly name: string; readonly sizeBytes: string; readonly sha256: string }[];
  /** ISO 8601. */
  readonly fetchedAt: string;
}

/** What a version is made of. */
export interface DatasetVersionContent {
  readonly kind: DatasetKind;
  /** Null when it came from elsewhere. */
  readonly uploadId: string | null;
  /** Digest of what was fetched: the same bytes under the same recipe need not be imported again. */
  readonly fetchedSha256: string;
  /** Null for versions older than syncs. */
  readonly syncId: string | null;
  readonly recipe: Recipe;
  /** As text: 64-bit integers. */
  readonly rowCount: string;
  readonly droppedRowCount: string;
  readonly columns: readonly ColumnStatistics[];
  /** Digest of the Parquet snapshot, and its key in the blob store. */
  readonly sha256: string;
  readonly sizeBytes: string;
  /** Digest of the snapshot and the transforms that splits fit; no two versions of a dataset share it. */
  readonly manifestDigest: string;
  /** Null for versions older than syncs. */
  readonly lineage: Lineage | null;
  /** Null when they were not measured. */
  readonly quality: QualityReport | null;
  /** Null when they were not measured, and when they were not asked for. */
  readonly histograms?: StoredSpreads | null;
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

  @Column('text')
  readonly kind: DatasetKind;

  @Column('text', { name: 'upload_id', nullable: true })
  readonly uploadId: string | null;

  @Column('text', { name: 'fetched_sha256' })
  readonly fetchedSha256: string;

  @Column('text', { name: 'sync_id', nullable: true })
  readonly syncId: string | null;

  @Column('jsonb')
  readonly recipe: Recipe;

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

  @Column('text', { name: 'manifest_digest' })
  readonly manifestDigest: string;

  @Column('jsonb', { nullable: true })
  readonly lineage: Lineage | null;

  @Column('jsonb', { nullable: true })
  readonly quality: QualityReport | null;

  // Of a wide table they are large, and only its profile shows them.
  @Column('jsonb', { nullable: true, select: false })
  readonly histograms?: StoredSpreads | null;

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
