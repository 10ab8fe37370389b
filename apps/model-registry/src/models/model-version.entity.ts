import { newId } from '@aimass/platform-persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One tensor of a signature; -1 in a shape is a variable dimension. */
export interface TensorSpec {
  readonly name: string;
  readonly datatype: string;
  /** 64-bit integers as text, as on the wire. */
  readonly shape: readonly string[];
}

/** Inputs and outputs, enforced at serve time. */
export interface Signature {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
}

/** The version's files; `sha256` covers the sorted lines `<sha256>  <path>\n`. */
export interface Manifest {
  readonly files: readonly { readonly path: string; readonly sha256: string; readonly sizeBytes: string }[];
  readonly sha256: string;
}

/** Data → split → job → version. */
export interface Lineage {
  readonly jobId: string;
  readonly datasetVersionId: string;
  readonly splitId: string;
  readonly algorithm: string;
  /** For a version that no job made: where its owner says that it comes from. Absent in rows from before uploads. */
  readonly source?: string;
}

/** What a version is made of. */
export interface ModelVersionContent {
  readonly engine: string;
  readonly format: string;
  readonly signature: Signature;
  readonly manifest: Manifest;
  readonly lineage: Lineage;
  readonly metrics: Readonly<Record<string, number>>;
}

/** One immutable artifact set with a signature: a row is written once and never changed. */
@Entity()
export class ModelVersion implements ModelVersionContent {
  @PrimaryColumn('text')
  readonly id: string;

  @Column('text', { name: 'organization_id' })
  readonly organizationId: string;

  @Column('text', { name: 'model_id' })
  readonly modelId: string;

  @Column('text', { name: 'model_name' })
  readonly modelName: string;

  @Column('integer')
  readonly number: number;

  @Column('text')
  readonly engine: string;

  @Column('text')
  readonly format: string;

  @Column('jsonb')
  readonly signature: Signature;

  @Column('jsonb')
  readonly manifest: Manifest;

  @Column('jsonb')
  readonly lineage: Lineage;

  @Column('jsonb')
  readonly metrics: Readonly<Record<string, number>>;

  @Column('timestamptz', { name: 'created_at' })
  readonly createdAt: Date;

  static create(
    model: { id: string; organizationId: string; name: string },
    number: number,
    content: ModelVersionContent,
  ): ModelVersion {
    return Object.assign(new ModelVersion(), content, {
      id: newId('mv'),
      organizationId: model.organizationId,
      modelId: model.id,
      modelName: model.name,
      number,
      createdAt: new Date(),
    });
  }
}
