import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { canonicalJson, versionDigest } from './version-digest.js';

const snapshot = 'a'.repeat(64);

it('is the digest of the snapshot alone, as the migration computes it, unless a split fits something', () => {
  const line = `${snapshot}  snapshot.parquet\n`;
  const plain = createHash('sha256').update(line).digest('hex');
  expect(versionDigest(snapshot, {})).toBe(plain);
  expect(versionDigest(snapshot, { format: 'csv', transforms: [{ drop: ['a'] }] })).toBe(plain);
});

it('tells apart what splits fit, whatever the order of keys', () => {
  const fill = (columns: Record<string, string>) =>
    versionDigest(snapshot, { transforms: [{ fill: columns }] });
  const digests = [versionDigest(snapshot, {}), fill({ a: 'mean' }), fill({ a: 'median' })];
  expect(new Set(digests).size).toBe(3);
  expect(fill({ a: 'mean', b: 'mode' })).toBe(fill({ b: 'mode', a: 'mean' }));
});

it('sorts keys at every depth and leaves lists in order', () => {
  expect(canonicalJson({ b: [2, { d: 1, c: null }], a: 1 })).toBe('{"a":1,"b":[2,{"c":null,"d":1}]}');
});
