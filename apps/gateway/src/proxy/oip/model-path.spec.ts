import { describe, expect, it } from 'vitest';
import { parseModelPath } from './model-path.js';

describe('parseModelPath', () => {
  it.each([
    ['faithful', 'faithful', undefined, 'metadata'],
    ['faithful/infer', 'faithful', undefined, 'infer'],
    ['faithful/ready', 'faithful', undefined, 'ready'],
    ['faithful/versions/3/infer', 'faithful', '3', 'infer'],
    ['faithful/versions/production', 'faithful', 'production', 'metadata'],
    ['acme/faithful/infer', 'acme/faithful', undefined, 'infer'],
    ['acme/faithful/versions/2/ready', 'acme/faithful', '2', 'ready'],
    ['acme/faithful', 'acme/faithful', undefined, 'metadata'],
  ])('reads %s', (rest, name, version, action) => {
    expect(parseModelPath(rest)).toEqual({ name, version, action });
  });

  it.each(['', 'infer', '/infer', 'a/b/c/infer', 'a//infer', 'a/versions//infer'])('refuses "%s"', (rest) => {
    expect(parseModelPath(rest)).toBeNull();
  });
});
