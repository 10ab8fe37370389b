import { Injectable } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { JSON_SCHEMAS } from '@aimass/contracts';
import type { FastifyReply } from 'fastify';
import { map } from 'rxjs';
import type { Observable } from 'rxjs';
import { ROUTE } from './route.js';
import type { RouteSpec } from './route.js';

interface Schema {
  readonly type?: string;
  readonly $ref?: string;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
}

const SCHEMAS: Readonly<Record<string, Schema>> = JSON_SCHEMAS;
/** By the short name that references use. */
const BY_SHORT_NAME = new Map(
  Object.entries(SCHEMAS).map(([name, schema]) => [name.slice(name.lastIndexOf('.') + 1), schema]),
);

/** Generated JSON leaves empty lists and maps out; callers would rather have `[]` and `{}` than nothing. */
@Injectable()
export class EmptyListsInterceptor implements NestInterceptor {
  constructor(private readonly reflector: Reflector) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const spec = this.reflector.get<RouteSpec | undefined>(ROUTE, context.getHandler());
    if (typeof spec?.response !== 'string') return next.handle();
    const { response, accepted = response } = spec;
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    return next.handle().pipe(
      map((json: unknown) => {
        // Only now is it known which of its answers the route gives.
        const schema = SCHEMAS[reply.statusCode === 202 ? accepted : response];
        return schema ? withEmptyLists(json, schema) : json;
      }),
    );
  }
}

/** The value with every absent list and map of its schema added, in depth. */
export function withEmptyLists(value: unknown, schema: Schema): unknown {
  if (Array.isArray(value)) return value.map((item) => withEmptyLists(item, schema.items ?? {}));
  const { properties } = resolve(schema);
  if (!properties || typeof value !== 'object' || value === null) return value;
  const filled: Record<string, unknown> = { ...value };
  for (const [name, property] of Object.entries(properties)) {
    const present = filled[name];
    if (present !== undefined) filled[name] = withEmptyLists(present, property);
    else if (property.type === 'array') filled[name] = [];
    else if (property.additionalProperties) filled[name] = {};
  }
  return filled;
}

function resolve(schema: Schema): Schema {
  if (schema.$ref === undefined) return schema;
  return BY_SHORT_NAME.get(schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1)) ?? {};
}
