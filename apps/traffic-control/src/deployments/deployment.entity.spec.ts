import { newId } from '@aimass/platform-persistence';
import { describe, expect, it } from 'vitest';
import { Deployment } from './deployment.entity.js';

describe('Deployment', () => {
  it.each(['', 'Upper', '-dash', 'a/b', 'a b', 'ä', 'x'.repeat(129), newId('dep')])(
    'refuses the name "%s"',
    (name) => {
      expect(() => Deployment.create('org_1', name, [])).toThrow('cannot be the name');
    },
  );

  it.each(['a', '0', 'old-faithful_v1.2', 'x'.repeat(128)])('accepts the name "%s"', (name) => {
    expect(Deployment.create('org_1', name, []).name).toBe(name);
  });

  it('has another etag after every update, and never the one of another deployment of the same name', () => {
    const deployment = Deployment.create('org_1', 'a', []);
    const seen = deployment.etag;
    deployment.assertEtag(seen);
    deployment.assertEtag('');
    deployment.replaceVariants([]);
    expect(() => deployment.assertEtag(seen)).toThrow('changed since you read it');
    expect(Deployment.create('org_1', 'a', []).etag).not.toBe(seen);
  });
});
