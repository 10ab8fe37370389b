import { JSON_SCHEMAS } from '@aimass/contracts';
import { z } from 'zod';
import { OIP_PATHS } from '../proxy/oip/oip-openapi.js';
import type { RouteSpec } from './route.js';

type JsonObject = Record<string, unknown>;

const PROBLEM: JsonObject = {
  type: 'object',
  description: 'An RFC 9457 problem document.',
  required: ['type', 'title', 'status', 'detail', 'code', 'requestId'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'What went wrong and what to do.' },
    code: { type: 'string', description: 'Stable, for programs.' },
    requestId: { type: 'string' },
    errors: {
      type: 'array',
      items: { type: 'object', properties: { path: { type: 'string' }, message: { type: 'string' } } },
    },
  },
};

/**
 * The OpenAPI 3.1 document: control routes with requests from their zod schemas and answers from the contracts, and the
 * data plane as its protocol defines it.
 */
export function openApiDocument(routes: readonly RouteSpec[], version: string): JsonObject {
  const schemas: Record<string, unknown> = { Problem: PROBLEM };
  const paths: Record<string, JsonObject> = {};
  for (const route of routes) {
    const path = `/api/v1${route.path.replace(/:(\w+)/, '{$1}').replace(/\/:(\w+)/g, '/{$1}')}`;
    (paths[path] ??= {})[route.method] = operation(route, schemas);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'AI Mass',
      version,
      description:
        'The control API under `/api/v1`, and predictions by the Open Inference Protocol under `/v2`.',
    },
    security: [{ key: [] }],
    paths: { ...paths, ...OIP_PATHS },
    components: {
      schemas,
      securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'An API key, `am_…`' } },
    },
  };
}

function operation(route: RouteSpec, schemas: Record<string, unknown>): JsonObject {
  const problem = {
    description: 'A problem',
    content: { 'application/problem+json': { schema: ref('Problem') } },
  };
  return {
    summary: route.summary,
    operationId: operationId(route),
    tags: [route.path.split('/')[1]?.split(':')[0]],
    parameters: [...pathParameters(route), ...queryParameters(route)],
    ...(route.body ? { requestBody: jsonBody(route.body) } : {}),
    ...(route.consumes ? { requestBody: binaryBody(route.consumes) } : {}),
    responses: {
      [String(route.status ?? 200)]: success(route, schemas),
      ...(route.accepted ? { 202: accepted(route.accepted, schemas) } : {}),
      default: problem,
    },
  };
}

function operationId(route: RouteSpec): string {
  const words = route.path.split(/[/:]/).filter((word) => word !== '');
  return [route.method, ...words]
    .map((word, index) => (index === 0 ? word : word.charAt(0).toUpperCase() + word.slice(1)))
    .join('');
}

function success(route: RouteSpec, schemas: Record<string, unknown>): JsonObject {
  if (route.produces)
    return { description: 'Done', content: { [route.produces]: { schema: { type: 'string' } } } };
  if (route.response === undefined) return { description: 'Done' };
  const schema = typeof route.response === 'string' ? messageRef(route.response, schemas) : route.response;
  return { description: 'Done', content: { 'application/json': { schema } } };
}

function accepted(message: string, schemas: Record<string, unknown>): JsonObject {
  const schema = messageRef(message, schemas);
  return { description: 'Under way', content: { 'application/json': { schema } } };
}

/** Adds a proto message, and those it refers to, to the components. */
function messageRef(message: string, schemas: Record<string, unknown>): JsonObject {
  const name = message.slice(message.lastIndexOf('.') + 1);
  if (schemas[name] === undefined) {
    const schema = (JSON_SCHEMAS as Readonly<Record<string, unknown>>)[message];
    if (schema === undefined) throw new Error(`No proto message ${message}`);
    schemas[name] = schema;
    for (const [, referred] of JSON.stringify(schema).matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
      const full = Object.keys(JSON_SCHEMAS).find((key) => key.endsWith(`.${referred}`));
      if (full) messageRef(full, schemas);
    }
  }
  return ref(name);
}

function pathParameters(route: RouteSpec): JsonObject[] {
  return [...route.path.matchAll(/\/:(\w+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
}

function queryParameters(route: RouteSpec): JsonObject[] {
  if (!route.query) return [];
  const { properties = {}, required = [] } = z.toJSONSchema(route.query, { io: 'input' });
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }));
}

function jsonBody(schema: z.ZodType): JsonObject {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io: 'input' });
  return { required: true, content: { 'application/json': { schema: json } } };
}

function binaryBody(mediaType: string): JsonObject {
  return { required: true, content: { [mediaType]: { schema: { type: 'string', format: 'binary' } } } };
}

function ref(name: string): JsonObject {
  return { $ref: `#/components/schemas/${name}` };
}
