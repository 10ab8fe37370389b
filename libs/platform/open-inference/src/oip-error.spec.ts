import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { grpcStatus } from './grpc/grpc-status.js';
import { grpcStatusOf, OipError, toOipError } from './oip-error.js';

describe('the table of statuses', () => {
  it.each([
    [400, 'INVALID_ARGUMENT'],
    [401, 'UNAUTHENTICATED'],
    [403, 'PERMISSION_DENIED'],
    [404, 'NOT_FOUND'],
    [409, 'ALREADY_EXISTS'],
    [413, 'RESOURCE_EXHAUSTED'],
    [415, 'INVALID_ARGUMENT'],
    [429, 'RESOURCE_EXHAUSTED'],
    [499, 'CANCELLED'],
    [500, 'INTERNAL'],
    [501, 'UNIMPLEMENTED'],
    [503, 'UNAVAILABLE'],
    [504, 'DEADLINE_EXCEEDED'],
    [599, 'INTERNAL'],
  ] as const)('has %i as %s', (http, grpc) => {
    expect(grpcStatusOf(http)).toBe(status[grpc]);
  });
});

describe('an error', () => {
  it('of ours is reported, and not described to the caller', () => {
    const reported: unknown[] = [];
    const cause = new Error('password=hunter2');
    expect(toOipError(cause, (error) => reported.push(error)).message).not.toContain('hunter2');
    expect(reported).toEqual([cause]);
  });

  it('over gRPC is cut to what trailers can hold, never inside a character, and says when to come back', () => {
    const { details, metadata } = grpcStatus(new OipError(503, `${'a'.repeat(999)}😀b`, 2));
    expect(details).toBe('a'.repeat(999));
    expect(() => encodeURI(details)).not.toThrow();
    expect(metadata.getMap()).toEqual({ 'retry-after': '2', 'grpc-retry-pushback-ms': '2000' });
  });
});
