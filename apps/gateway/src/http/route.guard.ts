import { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { DomainError } from '@aimass/platform-errors';
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { notAllowed, notAuthenticated } from '../identity/identity.errors.js';
import { KeyDirectory } from '../identity/key-directory.js';
import type { AuthenticatedKey } from '../identity/key-directory.js';
import { mayDo } from '../identity/roles.js';
import { ROUTE } from './route.js';
import type { RouteSpec } from './route.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the guard on every control route. */
    caller?: AuthenticatedKey;
  }
}

/** Every control route: who calls, may they, and is what they sent of the declared form. */
@Injectable()
export class RouteGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly keys: KeyDirectory,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    if (context.getType() !== 'http') return true;
    const spec = this.reflector.get<RouteSpec | undefined>(ROUTE, context.getHandler());
    if (!spec) return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const caller = this.authenticate(request.headers.authorization);
    if (!mayDo(caller, spec.allow)) throw notAllowed(spec.allow);
    request.caller = caller;
    refuseNul(request);
    if (spec.body) request.body = parse(spec.body, request.body, 'The body');
    if (spec.query) request.query = parse(spec.query, request.query, 'The query');
    return true;
  }

  private authenticate(authorization: string | undefined): AuthenticatedKey {
    const secret = /^Bearer (am_[A-Za-z0-9]{43})$/i.exec(authorization ?? '')?.[1];
    const caller = secret === undefined ? null : this.keys.find(secret);
    if (!caller) throw notAuthenticated();
    return caller;
  }
}

/** Postgres stores no NUL in text, so no name or id can hold one. */
function refuseNul({ url, body }: FastifyRequest): void {
  const isInBody = body instanceof Readable ? false : JSON.stringify(body ?? null).includes('\\u0000');
  if (isInBody || url.includes('%00')) {
    throw new DomainError('invalid', 'request_invalid', 'Text must not contain NUL characters.');
  }
}

function parse(schema: z.ZodType, value: unknown, what: string): unknown {
  const result = schema.safeParse(value ?? {});
  if (result.success) return result.data;
  const violations = result.error.issues.map((issue) => ({
    path: issue.path.join('.'),
    message: issue.message,
  }));
  const first = violations
    .map(({ path, message }) => (path === '' ? message : `${path}: ${message}`))
    .join('; ');
  throw new DomainError('invalid', 'request_invalid', `${what} is not valid. ${first}.`, { violations });
}
