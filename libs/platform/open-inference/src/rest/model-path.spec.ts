import { describe, expect, it } from 'vitest';
import { parseModelPath, parseRepositoryPath } from './model-path.js';

describe('parseModelPath', () => {
  it.each([
    ['faithful', 'faithful', undefined, 'metadata'],
    ['faithful/infer', 'faithful', undefined, 'infer'],
    ['faithful/ready', 'faithful', undefined, 'ready'],
    ['faithful/config', 'faithful', undefined, 'config'],
    ['faithful/versions/3/stats', 'faithful', '3', 'stats'],
    ['faithful/versions/3/infer', 'faithful', '3', 'infer'],
    ['faithful/versions/production', 'faithful', 'production', 'metadata'],
    ['acme/faithful/infer', 'acme/faithful', undefined, 'infer'],
    ['acme/faithful/versions/2/ready', 'acme/faithful', '2', 'ready'],
    ['acme/faithful', 'acme/faithful', undefined, 'metadata'],
    ['acme/load', 'acme/load', undefined, 'metadata'],
  ])('reads %s', (rest, name, version, action) => {
    expect(parseModelPath(rest)).toEqual({ name, version, action });
  });

  it.each(['', 'infer', '/infer', 'a/b/c/infer', 'a//infer', 'a/versions//infer', '/'.repeat(100_000)])(
    'refuses "%.20s"',
    (rest) => {
      expect(parseModelPath(rest)).toBeNull();
    },
  );
});

describe('parseRepositoryPath', () => {
  it.each([
    ['faithful/load', 'faithful', undefined, 'load'],
    ['acme/faithful/versions/2/unload', 'acme/faithful', '2', 'unload'],
  ])('reads %s', (rest, name, version, action) => {
    expect(parseRepositoryPath(rest)).toEqual({ name, version, action });
  });

  it.each(['', 'load', 'faithful', 'faithful/infer'])('refuses "%s"', (rest) => {
    expect(parseRepositoryPath(rest)).toBeNull();
  });
});
