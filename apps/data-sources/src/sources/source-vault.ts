import { Injectable } from '@nestjs/common';
import { KeyRing, keyIdOf } from '../secrets/key-ring.js';
import { secretUnreadable } from '../secrets/secrets.errors.js';
import type { SourceCredentials } from './source-config.js';
import type { Source, SourceContent } from './source.entity.js';

/** Credentials as a source keeps them. */
export type SealedCredentials = Pick<SourceContent, 'credentials' | 'credentialsFingerprint'>;

/** What a source without credentials keeps. */
export const NO_CREDENTIALS: SealedCredentials = { credentials: null, credentialsFingerprint: '' };

/** Turns credentials into what a source keeps of them, and back. The one place that knows both forms. */
@Injectable()
export class SourceVault {
  constructor(private readonly keys: KeyRing) {}

  /** The id of the key that encrypts; null when nothing can be stored. */
  get primaryKeyId(): string | null {
    return this.keys.primaryId;
  }

  /** Encrypts for one source of an organization. Throws `secrets_not_configured`. */
  seal(
    credentials: SourceCredentials,
    { organizationId, id }: Pick<Source, 'organizationId' | 'id'>,
  ): SealedCredentials {
    return {
      credentials: this.keys.encrypt(textOf(credentials), { organizationId, resourceId: id }),
      credentialsFingerprint: this.fingerprint(credentials, organizationId),
    };
  }

  /** Tells an organization's credentials apart. Throws `secrets_not_configured`. */
  fingerprint(credentials: SourceCredentials, organizationId: string): string {
    return this.keys.fingerprint(textOf(credentials), organizationId);
  }

  /** The credentials of a source, for use and not for keeping; null for none. Throws `credentials_unreadable`. */
  open({ organizationId, id, credentials }: Source): SourceCredentials | null {
    if (credentials === null) return null;
    return credentialsOf(this.keys.decrypt(credentials, { organizationId, resourceId: id }), credentials);
  }

  /** The same credentials encrypted with the key that encrypts now; null when they are. Throws `credentials_unreadable`. */
  reseal({ organizationId, id, credentials }: Source): string | null {
    if (credentials === null || this.keys.isCurrent(credentials)) return null;
    const owner = { organizationId, resourceId: id };
    return this.keys.encrypt(this.keys.decrypt(credentials, owner), owner);
  }
}

function textOf({ user, secret, sessionToken }: SourceCredentials): string {
  return JSON.stringify([user, secret, sessionToken]);
}

function credentialsOf(text: string, stored: string): SourceCredentials {
  const parts: unknown = JSON.parse(text);
  if (!Array.isArray(parts)) throw secretUnreadable(keyIdOf(stored));
  const [user, secret, sessionToken] = parts.map(String);
  return { user: user ?? '', secret: secret ?? '', sessionToken: sessionToken ?? '' };
}
