import { hash, randomInt } from 'node:crypto';
import { newId } from '@aimass/platform-persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Role } from './roles.js';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
/** 43 of 62 letters and digits carry 256 bits. */
const SECRET_LENGTH = 43;
const PREFIX_LENGTH = 'am_'.length + 8;

/** What a key is made with. */
export interface ApiKeySpec {
  readonly organizationId: string;
  readonly name: string;
  readonly role: Role;
  readonly isPlatformAdmin: boolean;
}

/**
 * An API key. The secret is shown once and never stored: the row holds its SHA-256 (a plain hash is enough for 256
 * random bits) and its first characters, by which people recognise it.
 */
@Entity({ name: 'api_key' })
export class ApiKey {
  @PrimaryColumn('text')
  readonly id: string;

  @Column('text', { name: 'organization_id' })
  readonly organizationId: string;

  @Column('text')
  readonly name: string;

  @Column('text')
  readonly role: Role;

  @Column('boolean', { name: 'is_platform_admin' })
  readonly isPlatformAdmin: boolean;

  @Column('text')
  readonly prefix: string;

  @Column('text')
  readonly hash: string;

  @Column('timestamptz', { name: 'created_at' })
  readonly createdAt: Date;

  @Column('timestamptz', { name: 'revoked_at', nullable: true })
  readonly revokedAt: Date | null;

  static create(spec: ApiKeySpec, secret: string): ApiKey {
    return Object.assign(new ApiKey(), spec, {
      id: newId('key'),
      prefix: secret.slice(0, PREFIX_LENGTH),
      hash: hashSecret(secret),
      createdAt: new Date(),
      revokedAt: null,
    });
  }

  /** Ends the key; a second time changes nothing. */
  revoke(): void {
    if (this.revokedAt === null) Object.assign(this, { revokedAt: new Date() });
  }
}

/** A new secret: `am_` and 43 random letters and digits. */
export function newSecret(): string {
  return `am_${Array.from({ length: SECRET_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')}`;
}

/** Hex SHA-256 of a secret, as stored. */
export function hashSecret(secret: string): string {
  return hash('sha256', secret);
}
