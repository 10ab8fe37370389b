import type { DomainError } from '@aimass/platform-errors';
import { describe, expect, it } from 'vitest';
import { Policy } from './policy.entity.js';
import type { PolicyTerms } from './policy.entity.js';

const terms = (change: Partial<PolicyTerms> = {}): PolicyTerms => ({
  target: 'KEY',
  targetId: 'key_1',
  requests: 10,
  windowSeconds: 1,
  ...change,
});

describe('Policy', () => {
  it.each([
    ['target', { target: undefined }],
    ['targetId', { targetId: '' }],
    ['targetId', { target: 'ORGANIZATION' as const, targetId: 'org_2' }],
    ['requests', { requests: 0 }],
    ['requests', { requests: 1_000_001 }],
    ['windowSeconds', { windowSeconds: 0 }],
    ['windowSeconds', { windowSeconds: 86_401 }],
  ])('refuses a bad %s: %o', (path, change) => {
    const failure = captured(() => Policy.create('org_1', terms(change)));
    expect(failure.kind).toBe('invalid');
    expect(failure.violations.map((violation) => violation.path)).toEqual([path]);
  });

  it('accepts the bounds', () => {
    const policy = Policy.create('org_1', terms({ requests: 1_000_000, windowSeconds: 86_400 }));
    expect(policy).toMatchObject({ organizationId: 'org_1', requests: 1_000_000, windowSeconds: 86_400 });
  });
});

function captured(check: () => unknown): DomainError {
  try {
    check();
  } catch (error) {
    return error as DomainError;
  }
  throw new Error('nothing was refused');
}
