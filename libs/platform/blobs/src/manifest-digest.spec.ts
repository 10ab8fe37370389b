import { expect, it } from 'vitest';
import { manifestDigest } from './manifest-digest.js';

it('digests a set of files as `sha256sum a b | sha256sum` does', () => {
  // printf 'one' > a; printf 'two' > b; sha256sum a b | sha256sum
  const files = [
    { path: 'a', sha256: '7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed' },
    { path: 'b', sha256: '3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3' },
  ];
  expect(manifestDigest(files)).toBe('d17138d96382403690482a89da33475336ab36c046a6912a86badedd62301cb8');
});
