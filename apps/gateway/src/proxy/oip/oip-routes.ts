import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { DataPlane } from '../data-plane.js';
import { InferHandler } from './infer.handler.js';
import { MetadataHandlers } from './metadata.handlers.js';
import { parseModelPath } from './model-path.js';
import { OipError, sendOipError } from './oip-error.js';
import { bearerOf } from './request-headers.js';

const OPEN_ROUTES = new Set(['/v2/health/live', '/v2/health/ready']);

/**
 * Puts the Open Inference Protocol routes below `/v2` onto the Fastify instance, past Nest's work per request, with a
 * body parser, error shape and 404 of their own. Call it before the instance listens. The
 * instance's `genReqId` decides about `x-request-id`.
 */
export function registerDataPlane(fastify: FastifyInstance, plane: DataPlane): void {
  fastify.register(
    (instance, _options, done) => {
      install(instance, plane);
      done();
    },
    { prefix: '/v2', bodyLimit: plane.config.BODY_LIMIT_BYTES },
  );
}

function install(fastify: FastifyInstance, plane: DataPlane): void {
  const metadata = new MetadataHandlers(plane);
  const infer = new InferHandler(plane);
  fastify.decorateRequest('dataPlane', null);
  fastify.addHook('onRequest', (request, reply, done) => {
    admit(plane, request, reply);
    done();
  });
  const bodyLimit = plane.config.BODY_LIMIT_BYTES;
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit }, (_request, body, done) =>
    done(null, body),
  );
  fastify.setErrorHandler((error, _request, reply) => sendOipError(reply, toOipError(plane, error)));
  fastify.setNotFoundHandler((request, reply) => sendOipError(reply, notFound(request, reply)));
  fastify.get('/', (_request, reply) => metadata.serverMetadata(reply));
  fastify.get('/health/live', (_request, reply) => metadata.live(reply));
  fastify.get('/health/ready', (_request, reply) => metadata.ready(reply));
  fastify.get('/models/*', (request, reply) => metadata.model(request, reply));
  fastify.post('/models/*', { bodyLimit }, (request, reply) => infer.handle(request, reply));
}

/** Before the body is read: who is calling, and whether there is room. Throws OipError 401 or 503. */
function admit(plane: DataPlane, request: FastifyRequest, reply: FastifyReply): void {
  const requestId = request.id;
  reply.header('x-request-id', requestId);
  const startedMs = performance.now();
  const presented = bearerOf(request.headers);
  const caller = presented === undefined ? null : plane.keys.find(presented);
  request.dataPlane = { startedMs, requestId, caller };
  // Only predictions are posted here; health and what is read are never refused.
  if (request.method === 'POST' && plane.overload.isShedding()) throw overloaded();
  if (caller !== null || OPEN_ROUTES.has(request.url.split('?', 1)[0] ?? '')) return;
  reply.header('www-authenticate', presented === undefined ? 'Bearer' : 'Bearer error="invalid_token"');
  throw new OipError(
    401,
    presented === undefined
      ? 'This needs an API key: send Authorization: Bearer am_…'
      : 'The API key is not known, or it was revoked. Make a new one under /api/v1/keys.',
  );
}

function overloaded(): OipError {
  return new OipError(503, 'The gateway has more requests than it can answer in time. Try again shortly.', 1);
}

function notFound(request: FastifyRequest, reply: FastifyReply): OipError {
  const allowed = allowedMethod(request.url.split('?', 1)[0] ?? '');
  if (allowed === undefined || allowed === request.method) {
    return new OipError(404, `There is nothing at ${request.method} ${request.url}.`);
  }
  reply.header('allow', allowed);
  return new OipError(405, `${request.method} is not allowed here: use ${allowed}.`);
}

function allowedMethod(path: string): string | undefined {
  if (path === '/v2' || path === '/v2/' || OPEN_ROUTES.has(path)) return 'GET';
  if (!path.startsWith('/v2/models/')) return undefined;
  const model = parseModelPath(path.slice('/v2/models/'.length));
  return model === null ? undefined : model.action === 'infer' ? 'POST' : 'GET';
}

function toOipError(plane: DataPlane, error: unknown): OipError {
  if (error instanceof OipError) return error;
  const { statusCode, message } = error as FastifyError;
  if (statusCode === 413) {
    const limit = plane.config.BODY_LIMIT_BYTES;
    return new OipError(413, `The body is larger than ${limit} bytes. Send fewer rows per request.`);
  }
  if (statusCode !== undefined && statusCode < 500) return new OipError(statusCode, message);
  plane.log.error(error instanceof Error ? (error.stack ?? message) : String(error));
  return new OipError(500, 'Something went wrong on our side. Please try again.');
}
