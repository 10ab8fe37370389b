import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { keyIdOf, parseKeyRing } from './key-ring.js';

const owner = { organizationId: 'org_1', resourceId: 'src_1' };
const secret = '{"user":"reader","secret":"canary-3fb1"}';
const newKey = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;
const oldKey = newKey('old');
const unreadable = { kind: 'unprocessable', code: 'data_sources.credentials_unreadable' };

function thrown(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

describe('KeyRing', () => {
  it('gives back what it encrypted, and never the same text twice', () => {
    const ring = parseKeyRing(oldKey);
    const stored = [1, 2, 3].map(() => ring.encrypt(secret, owner));
    expect(new Set(stored).size).toBe(3);
    for (const text of stored) {
      expect(text).toMatch(/^v1\.old\.[\w-]{16}\.[\w-]+$/);
      expect(Buffer.from(text.split('.')[3] ?? '', 'base64url').toString('latin1')).not.toContain('canary');
      expect(ring.decrypt(text, owner)).toBe(secret);
    }
  });

  it('reads what an older key encrypted as long as that is there, and says so plainly when it is not', () => {
    const stored = parseKeyRing(oldKey).encrypt(secret, owner);
    const both = parseKeyRing(`${newKey('new')},${oldKey}`);
    expect(both.decrypt(stored, owner)).toBe(secret);
    expect(both.isCurrent(stored)).toBe(false);
    const again = both.encrypt(secret, owner);
    expect(keyIdOf(again)).toBe('new');
    expect(both.isCurrent(again)).toBe(true);
    for (const ring of [parseKeyRing(newKey('new')), parseKeyRing('')]) {
      expect(thrown(() => ring.decrypt(stored, owner))).toMatchObject(unreadable);
    }
    // The same id, another key.
    expect(thrown(() => parseKeyRing(newKey('old')).decrypt(stored, owner))).toMatchObject(unreadable);
  });

  it("refuses another owner's secret", () => {
    const ring = parseKeyRing(oldKey);
    const stored = ring.encrypt(secret, owner);
    for (const other of [
      { ...owner, resourceId: 'src_2' },
      { ...owner, organizationId: 'org_2' },
    ]) {
      expect(thrown(() => ring.decrypt(stored, other))).toMatchObject(unreadable);
    }
  });

  it('refuses whatever was changed in what is stored, and tells neither the secret nor a key', () => {
    const ring = parseKeyRing(`${oldKey},${newKey('new')}`);
    const stored = ring.encrypt(secret, owner);
    const [format, id, nonce, sealed = ''] = stored.split('.');
    const flipped = Buffer.from(sealed, 'base64url');
    flipped[0] = (flipped[0] ?? 0) ^ 1;
    const changed = [
      [format, id, nonce, flipped.toString('base64url')].join('.'),
      [format, id, nonce, sealed.slice(0, 40)].join('.'),
      [format, id, nonce, ''].join('.'),
      [format, 'new', nonce, sealed].join('.'),
      [format, id, '', sealed].join('.'),
      ['v2', id, nonce, sealed].join('.'),
      'plain',
      '',
    ];
    for (const text of changed) {
      const error = thrown(() => ring.decrypt(text, owner));
      expect(error, text).toMatchObject(unreadable);
      expect(String(error)).not.toMatch(/canary|reader/);
      expect(String(error)).not.toContain(oldKey.slice(4));
    }
  });

  it('stores nothing without a key, and says what an operator must do', () => {
    const ring = parseKeyRing('');
    expect(ring.primaryId).toBeNull();
    const refusal = { kind: 'unprocessable', code: 'data_sources.secrets_not_configured' };
    const error = thrown(() => ring.encrypt(secret, owner));
    expect(error).toMatchObject(refusal);
    expect(String(error)).toContain('SECRETS_KEYS');
    expect(thrown(() => ring.fingerprint(secret, 'org_1'))).toMatchObject(refusal);
  });

  it("fingerprints tell an organization's secrets apart, and nothing between organizations or keys", () => {
    const ring = parseKeyRing(oldKey);
    const fingerprint = ring.fingerprint(secret, 'org_1');
    expect(fingerprint).toMatch(/^[0-9a-f]{8}$/);
    expect(ring.fingerprint(secret, 'org_1')).toBe(fingerprint);
    expect(ring.fingerprint(`${secret} `, 'org_1')).not.toBe(fingerprint);
    expect(ring.fingerprint(secret, 'org_2')).not.toBe(fingerprint);
    expect(parseKeyRing(newKey('old')).fingerprint(secret, 'org_1')).not.toBe(fingerprint);
  });
});

describe('parseKeyRing', () => {
  const short = randomBytes(31).toString('base64');
  it.each([
    ['no id', newKey(''), 'key 1'],
    ['no colon', 'abc', 'key 1'],
    ['an id with a dot', newKey('a.b'), 'key 1'],
    ['a short key', `${oldKey},b:${short}`, 'key 2'],
    ['a key that is not base64', 'a:not base64!', 'key 1'],
    ['an empty entry', `${oldKey},`, 'key 2'],
    ['an id twice', `${newKey('a')},${newKey('a')}`, 'the same id'],
  ])('refuses %s without repeating a key', (_case, text, named) => {
    const error = String(thrown(() => parseKeyRing(text)));
    expect(error).toContain(named);
    expect(error).not.toContain(short.slice(0, 8));
    expect(error).not.toContain(oldKey.slice(4, 12));
  });
});
