import {
  applyDecorators,
  Delete,
  Get,
  Head,
  HttpCode,
  Options,
  Patch,
  Post,
  Put,
  SetMetadata,
} from '@nestjs/common';
import type { z } from 'zod';
import type { Permission } from '../identity/roles.js';

/** Metadata key of a RouteSpec. */
export const ROUTE = Symbol('ROUTE');

/** One control route, said once: Nest's routing, the guard and the OpenAPI document all read it. */
export interface RouteSpec {
  readonly method: 'get' | 'head' | 'options' | 'post' | 'put' | 'patch' | 'delete';
  /** With `:name` parameters; a verb is `/jobs/:id:cancel`. */
  readonly path: string;
  readonly summary: string;
  readonly allow: Permission;
  /** The JSON body; unknown properties are refused. */
  readonly body?: z.ZodType;
  /** The query parameters; unknown ones are refused. */
  readonly query?: z.ZodObject;
  /** Name of a proto message, `aimass.training.v1.Job`, or a JSON Schema; absent for an empty answer. */
  readonly response?: string | Readonly<Record<string, unknown>>;
  /** Media type of the answer when it is not JSON. */
  readonly produces?: string;
  /** Media type of the body when it is not JSON. */
  readonly consumes?: string;
  /** As `response`, of an answer 202: the work goes on. Absent when there is no such answer. */
  readonly accepted?: string;
  /** 200 unless told. */
  readonly status?: 200 | 201 | 202 | 204;
}

const METHODS = {
  get: Get,
  head: Head,
  options: Options,
  post: Post,
  put: Put,
  patch: Patch,
  delete: Delete,
};

/** Declares a route under `/api/v1`. The only decorator a control route needs. */
export function Route(spec: RouteSpec): MethodDecorator {
  return applyDecorators(
    SetMetadata(ROUTE, spec),
    METHODS[spec.method](toFastifyPath(spec.path)),
    HttpCode(spec.status ?? 200),
  );
}

/** `/jobs/:id:cancel` → `/jobs/:id(^[^:/]+)::cancel`, since a literal colon is written twice there. */
function toFastifyPath(path: string): string {
  return path.replace(/:(\w+):(\w+)$/, ':$1(^[^:/]+)::$2');
}
