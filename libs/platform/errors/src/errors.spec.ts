import { describe, expect, it } from 'vitest';
import { DomainError, toDomainError } from './domain-error.js';
import type { ErrorKind } from './domain-error.js';
import { KINDS, kindOfGrpcStatus } from './kinds.js';
import { toProblem } from './problem.js';

const kinds = Object.keys(KINDS) as ErrorKind[];

describe('a problem document', () => {
  it.each(kinds)('tells %s by its HTTP status and title', (kind) => {
    const problem = toProblem(new DomainError(kind, 'training.job_broken', 'What to do.'), 'req_1');
    expect(problem).toEqual({
      type: 'urn:aimass:error:training.job_broken',
      title: KINDS[kind].title,
      status: KINDS[kind].http,
      detail: 'What to do.',
      code: 'training.job_broken',
      requestId: 'req_1',
    });
  });

  it('lists violations only when there are any', () => {
    const violations = [{ path: 'ratios.train', message: 'must be above 0' }];
    const problem = toProblem(new DomainError('invalid', 'x', 'Wrong.', { violations }), 'req_1');
    expect(problem.errors).toEqual(violations);
  });

  it('never shows the cause of an unforeseen failure', () => {
    const problem = toProblem(toDomainError(new Error('password=hunter2')), 'req_1');
    expect(problem).toMatchObject({ status: 500, code: 'internal' });
    expect(JSON.stringify(problem)).not.toContain('hunter2');
  });
});

describe('the table of kinds', () => {
  it('gives each kind an HTTP status of its own', () => {
    expect(new Set(kinds.map((kind) => KINDS[kind].http)).size).toBe(kinds.length);
  });

  it('finds for a bare gRPC status a kind that is told by that status', () => {
    for (const kind of kinds) expect(KINDS[kindOfGrpcStatus(KINDS[kind].grpc)].grpc).toBe(KINDS[kind].grpc);
  });

  it('takes a passed deadline for unavailable, and what it does not know for internal', () => {
    expect(kindOfGrpcStatus(4)).toBe('unavailable');
    expect(kindOfGrpcStatus(12)).toBe('internal');
  });
});
