import { newId } from '@aimass/platform-persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** `open`: bytes are still coming; `complete`: it is usable. */
export type UploadState = 'open' | 'complete';

/** A file that holds some of the bytes of an open upload; what it holds beyond its size does not count. */
export interface UploadPart {
  /** Its name in the folder of the upload. */
  readonly file: string;
  readonly sizeBytes: number;
}

/** What is known of a file before its bytes are there. */
export interface FileToCome {
  readonly organizationId: string;
  readonly filename: string;
  readonly sizeBytes: number;
  /** As the client sent it; kept as it is. */
  readonly metadata: string;
}

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

  /** Where its bytes are while it is open, in their order; none once it is complete. */
  @Column('jsonb')
  readonly parts: readonly UploadPart[];

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
      parts: [],
      expiresAt: null,
      createdAt: new Date(),
    });
  }

  /** A file that comes in pieces, of which none is there. */
  static open(file: FileToCome, expiresAt: Date): Upload {
    return Object.assign(new Upload(), {
      id: newId('upl'),
      ...file,
      sizeBytes: String(file.sizeBytes),
      state: 'open',
      offsetBytes: '0',
      sha256: '',
      parts: [],
      expiresAt,
      createdAt: new Date(),
    });
  }

  get isComplete(): boolean {
    return this.state === 'complete';
  }

  /** Whether it is open and its time is over. */
  isExpired(now: Date): boolean {
    return this.expiresAt !== null && this.expiresAt < now;
  }

  /** The same with more bytes. */
  advancedTo(parts: readonly UploadPart[], expiresAt: Date): Upload {
    const offsetBytes = String(parts.reduce((sum, part) => sum + part.sizeBytes, 0));
    return Object.assign(new Upload(), this, { parts, offsetBytes, expiresAt });
  }

  /** The same with all its bytes, which are the blob of this digest. */
  completed(sha256: string): Upload {
    const { sizeBytes } = this;
    const fields = { state: 'complete', sha256, offsetBytes: sizeBytes, parts: [], expiresAt: null };
    return Object.assign(new Upload(), this, fields);
  }
}
