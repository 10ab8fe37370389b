import { newId } from '@aimass/platform-persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** `open`: bytes are still coming; `complete`: it is usable. */
export type UploadState = 'open' | 'complete';

/** A stored file: once it is complete it never changes, and its content is the blob of its digest. */
@Entity()
export class Upload {
  @PrimaryColumn('text')
  readonly id: string;

  @Column('text', { name: 'organization_id' })
  readonly organizationId: string;

  /** As the client named it, for people. */
  @Column('text')
  readonly filename: string;

  @Column('text')
  readonly state: UploadState;

  /** As text: a 64-bit integer. Of the whole file, also while it is open. */
  @Column('bigint', { name: 'size_bytes' })
  readonly sizeBytes: string;

  /** Bytes that are there, as text. */
  @Column('bigint', { name: 'offset_bytes' })
  readonly offsetBytes: string;

  /** Empty while it is open. */
  @Column('text')
  readonly sha256: string;

  /** As a resumable client sent it. */
  @Column('text')
  readonly metadata: string;

  /** When an open upload is taken away; null once it is complete. */
  @Column('timestamptz', { name: 'expires_at', nullable: true })
  readonly expiresAt: Date | null;

  @Column('timestamptz', { name: 'created_at' })
  readonly createdAt: Date;

  /** A file that came in one piece. */
  static create(
    organizationId: string,
    filename: string,
    content: { readonly sha256: string; readonly sizeBytes: number },
  ): Upload {
    return Object.assign(new Upload(), {
      id: newId('upl'),
      organizationId,
      filename,
      state: 'complete',
      sizeBytes: String(content.sizeBytes),
      offsetBytes: String(content.sizeBytes),
      sha256: content.sha256,
      metadata: '',
      expiresAt: null,
      createdAt: new Date(),
    });
  }
}
