import { manifestDigest } from '@aimass/platform-blobs';
import { describe, expect, it } from 'vitest';
import { assertManifest } from './manifest.js';

const file = (path: string) => ({ path, sha256: 'a'.repeat(64), sizeBytes: '1' });
const manifest = (...paths: string[]) => {
  const files = paths.map(file);
  return { files, sha256: manifestDigest(files) };
};

describe('assertManifest', () => {
  it('accepts sorted relative paths under the digest that covers them', () => {
    expect(() => assertManifest(manifest('model.json', 'weights/part-1.bin'))).not.toThrow();
  });

  it.each(['/etc/passwd', '../x', 'a/../b', 'a//b', './a', 'a\\b', 'a\0b', ''])(
    'refuses the path %j',
    (path) => {
      expect(() => assertManifest(manifest(path))).toThrow(/relative path/);
    },
  );

  it('refuses an empty, unsorted or doubled list, and a digest that does not fit', () => {
    expect(() => assertManifest(manifest())).toThrow(/lists no file/);
    expect(() => assertManifest(manifest('b', 'a'))).toThrow(/sorted/);
    expect(() => assertManifest(manifest('a', 'a'))).toThrow(/each once/);
    expect(() => assertManifest({ ...manifest('a'), sha256: 'b'.repeat(64) })).toThrow(/digest/);
  });
});
