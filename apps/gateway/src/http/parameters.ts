import { createParamDecorator } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import { DomainError } from '@aimass/platform-errors';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { AuthenticatedKey } from '../identity/key-directory.js';

/** The authenticated caller of a route. */
export const Caller = createParamDecorator((_: unknown, context: ExecutionContext): AuthenticatedKey => {
  const { caller } = context.switchToHttp().getRequest<FastifyRequest>();
  if (!caller) throw new Error('@Caller on a method without @Route');
  return caller;
});

/**
 * The `Idempotency-Key` header, quoted or not; empty when absent.
 * draft-ietf-httpapi-idempotency-key-header-06.
 */
export const IdempotencyKey = createParamDecorator((_: unknown, context: ExecutionContext): string => {
  const header = context.switchToHttp().getRequest<FastifyRequest>().headers['idempotency-key'];
  const key = typeof header === 'string' ? header.replace(/^"(.*)"$/, '$1') : '';
  if (key.length > 255)
    throw new DomainError('invalid', 'idempotency_key_invalid', 'Idempotency-Key: at most 255 characters.');
  return key;
});

/** The `If-Match` header without quotes; empty when absent. */
export const IfMatch = createParamDecorator((_: unknown, context: ExecutionContext): string => {
  const header = context.switchToHttp().getRequest<FastifyRequest>().headers['if-match'];
  return header?.replace(/^"(.*)"$/, '$1') ?? '';
});

/** A whole number in a path; anything else is no such resource. */
export function pathNumber(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new DomainError('not_found', 'not_found', `There is no "${text}".`);
}

/** Query parameters of every list. */
export const pageQuery = z.strictObject({
  pageSize: z.coerce.number().int().min(1).max(200).default(50).describe('at most this many'),
  pageToken: z.string().default('').describe('nextPageToken of the page before'),
});

export type PageQuery = z.infer<typeof pageQuery>;

/** The name of a resource. */
export const resourceName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/,
    '1 to 128 letters, digits, ".", "_" or "-", starting with a letter or digit',
  );
