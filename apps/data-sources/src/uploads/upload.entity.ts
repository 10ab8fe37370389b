import { newId } from '@aimass/platform-persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A stored file: written once, never changed; its content is the blob of its digest. */
@Entity()
export class Upload {
  @PrimaryColumn('text')
  readonly id: string;

  @Column('text', { name: 'organization_id' })
  readonly organizationId: string;

  /** As the client named it, for people. */
  @Column('text')
  readonly filename: string;

  /** As text: a 64-bit integer. */
  @Column('bigint', { name: 'size_bytes' })
  readonly sizeBytes: string;

  @Column('text')
  readonly sha256: string;

  @Column('timestamptz', { name: 'created_at' })
  readonly createdAt: Date;

  static create(
    organizationId: string,
    filename: string,
    content: { readonly sha256: string; readonly sizeBytes: number },
  ): Upload {
    return Object.assign(new Upload(), {
      id: newId('upl'),
      organizationId,
      filename,
      sizeBytes: String(content.sizeBytes),
      sha256: content.sha256,
      createdAt: new Date(),
    });
  }
}
