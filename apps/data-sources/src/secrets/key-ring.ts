import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { secretsNotConfigured, secretUnreadable } from './secrets.errors.js';

const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
/** 96 bits, for which GCM is made; random, so that no two processes have to agree on a counter. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** The form of what is stored; another one would have another word here. */
const FORMAT = 'v1';
const KEY_ID = /^[A-Za-z0-9_-]{1,32}$/;

/** Whom a secret belongs to: what is stored for one cannot be read as another's. */
export interface SecretOwner {
  readonly organizationId: string;
  readonly resourceId: string;
}

interface Key {
  readonly id: string;
  readonly secret: Buffer;
}

/**
 * Encrypts secrets with AES-256-GCM by the first of its keys and decrypts them by any. What is stored reads
 * `v1.<key id>.<nonce>.<ciphertext and tag>`, the latter two in base64url; format, key id and owner are authenticated.
 * Neither a key nor a secret is ever part of an error.
 */
export class KeyRing {
  private readonly keys: ReadonlyMap<string, Key>;
  private readonly primary: Key | undefined;

  /** The first key encrypts. Without keys nothing can be stored. */
  constructor(keys: readonly Key[]) {
    this.keys = new Map(keys.map((key) => [key.id, key]));
    this.primary = keys[0];
  }

  /** The id of the key that encrypts; null when there is none. */
  get primaryId(): string | null {
    return this.primary?.id ?? null;
  }

  /** Encrypts; the same secret gives another text every time. Throws `secrets_not_configured`. */
  encrypt(secret: string, owner: SecretOwner): string {
    const { id, secret: key } = this.mustEncrypt();
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(boundTo(id, owner));
    const sealed = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return [FORMAT, id, nonce.toString('base64url'), sealed.toString('base64url')].join('.');
  }

  /** Throws `credentials_unreadable` when the key is not there, or the text is damaged or somebody else's. */
  decrypt(stored: string, owner: SecretOwner): string {
    const [format, id = '', nonce = '', sealed = ''] = stored.split('.');
    const key = this.keys.get(id);
    if (format !== FORMAT || !key) throw secretUnreadable(id);
    try {
      const bytes = Buffer.from(sealed, 'base64url');
      const tagAt = bytes.length - TAG_BYTES;
      const decipher = createDecipheriv(CIPHER, key.secret, Buffer.from(nonce, 'base64url'), {
        authTagLength: TAG_BYTES,
      });
      decipher.setAAD(boundTo(id, owner));
      decipher.setAuthTag(bytes.subarray(tagAt));
      return Buffer.concat([decipher.update(bytes.subarray(0, tagAt)), decipher.final()]).toString('utf8');
    } catch (error) {
      throw secretUnreadable(id, error);
    }
  }

  /** Whether the text was encrypted with the key that encrypts now. */
  isCurrent(stored: string): boolean {
    return this.primary !== undefined && keyIdOf(stored) === this.primary.id;
  }

  /**
   * Eight hex digits that tell an organization's secrets apart. They depend on a key, so that nobody without it can
   * try out what the secret may be. Throws `secrets_not_configured`.
   */
  fingerprint(secret: string, organizationId: string): string {
    const { secret: key } = this.mustEncrypt();
    const derived = Buffer.from(hkdfSync('sha256', key, organizationId, 'fingerprint', KEY_BYTES));
    return createHmac('sha256', derived).update(secret).digest('hex').slice(0, 8);
  }

  private mustEncrypt(): Key {
    if (!this.primary) throw secretsNotConfigured();
    return this.primary;
  }
}

/** The id of the key that a stored secret was encrypted with. */
export function keyIdOf(stored: string): string {
  return stored.split('.')[1] ?? '';
}

/**
 * Reads `id:base64,id:base64…`, the key that encrypts first; empty for none. A key has 32 bytes. Throws an Error that
 * names the entry by its place, never by its content.
 */
export function parseKeyRing(text: string): KeyRing {
  if (text.trim() === '') return new KeyRing([]);
  const keys = text.split(',').map((entry, index) => parseKey(entry.trim(), index + 1));
  if (new Set(keys.map(({ id }) => id)).size < keys.length) throw new Error('two keys have the same id');
  return new KeyRing(keys);
}

function parseKey(entry: string, place: number): Key {
  const colon = entry.indexOf(':');
  const id = entry.slice(0, Math.max(colon, 0));
  const encoded = entry.slice(colon + 1);
  if (!KEY_ID.test(id)) {
    throw new Error(`key ${place} has no id of 1 to 32 letters, digits, "_" or "-" before a colon`);
  }
  const secret = Buffer.from(encoded, 'base64');
  const isBase64 = secret.toString('base64') === encoded;
  if (!isBase64 || secret.length !== KEY_BYTES) {
    throw new Error(`key ${place} is not ${KEY_BYTES} bytes in base64`);
  }
  return { id, secret };
}

/** As JSON: no two owners have the same bytes. */
function boundTo(keyId: string, { organizationId, resourceId }: SecretOwner): Buffer {
  return Buffer.from(JSON.stringify([FORMAT, keyId, organizationId, resourceId]));
}
