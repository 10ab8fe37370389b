import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { OipBackend, OipOptions } from '../backend.js';
import { OipError, toOipError } from '../oip-error.js';
import { bearerOf } from '../request-headers.js';
import { InferRoute } from './infer-route.js';
import { parseModelPath, parseRepositoryPath } from './model-path.js';
import { ReadRoutes } from './read-routes.js';
import { ReceiveTimeout } from './receive-timeout.js';
import { RepositoryRoutes } from './repository-routes.js';
import { sendOipError } from './send-error.js';

const OPEN_ROUTES = new Set(['/v2/health/live', '/v2/health/ready']);
/** Bodies of the repository routes hold a flag or two. */
const REPOSITORY_BODY_BYTES = 64 * 1024;
const MODELS = '/v2/models/';
const INFER_ROUTE = '/v2/models/*';
const REPOSITORY_MODELS = '/v2/repository/models/';

/**
 * Puts the Open Inference Protocol's REST routes below `/v2` onto a Fastify instance, with a body parser (bytes), error
 * shape and 404 of their own. Call it before the instance listens. The instance's `genReqId` decides about
 * `x-request-id`. The key is checked before the body is read; a body that is too large or too slow is cut off.
 */
export function registerOipRoutes<Caller>(
  fastify: FastifyInstance,
  backend: OipBackend<Caller>,
  options: OipOptions,
): void {
  fastify.register(
    (instance, _options, done) => {
      new OipRoutes(backend, options).install(instance);
      done();
    },
    { prefix: '/v2' },
  );
}

class OipRoutes<Caller> {
  private readonly read: ReadRoutes<Caller>;
  private readonly repository: RepositoryRoutes<Caller>;
  private readonly infer: InferRoute<Caller>;
  private readonly receiving: ReceiveTimeout;

  constructor(
    private readonly backend: OipBackend<Caller>,
    private readonly options: OipOptions,
  ) {
    this.read = new ReadRoutes(backend);
    this.repository = new RepositoryRoutes(backend);
    this.infer = new InferRoute(backend, options);
    this.receiving = new ReceiveTimeout(options.requestTimeoutMs);
  }

  install(fastify: FastifyInstance): void {
    fastify.decorateRequest('openInference', null);
    fastify.addHook('onRequest', (request, reply, done) => {
      this.admit(request, reply);
      done();
    });
    fastify.addHook('onSend', (_request, reply, payload, done) => {
      const { answerHeaders } = this.options;
      for (let i = 0; i < answerHeaders.length; i += 2)
        reply.header(answerHeaders[i] ?? '', answerHeaders[i + 1]);
      done(null, payload);
    });
    fastify.addHook('onReady', (done) => {
      this.receiving.start();
      done();
    });
    fastify.addHook('onClose', (_instance, done) => {
      this.receiving.stop();
      done();
    });
    this.addBodyParser(fastify);
    fastify.setErrorHandler((error, request, reply) => sendOipError(reply, this.describe(error, request)));
    fastify.setNotFoundHandler((request, reply) => sendOipError(reply, notFound(request, reply)));
    this.addRoutes(fastify);
  }

  private addRoutes(fastify: FastifyInstance): void {
    const { read, repository, infer } = this;
    fastify.get('/', (_request, reply) => read.serverMetadata(reply));
    fastify.get('/health/live', (_request, reply) => read.live(reply));
    fastify.get('/health/ready', (_request, reply) => read.ready(reply));
    fastify.get('/models', (request, reply) => read.models(request, reply));
    fastify.get('/models/stats', (request, reply) => read.allStatistics(request, reply));
    fastify.get('/models/*', (request, reply) => read.model(request, reply));
    fastify.post('/models/*', { bodyLimit: this.options.bodyLimitBytes }, (request, reply) =>
      infer.handle(request, reply),
    );
    const small = { bodyLimit: REPOSITORY_BODY_BYTES };
    fastify.post('/repository/index', small, (request, reply) => repository.index(request, reply));
    fastify.post('/repository/models/*', small, (request, reply) => repository.model(request, reply));
  }

  private addBodyParser(fastify: FastifyInstance): void {
    fastify.removeAllContentTypeParsers();
    fastify.addContentTypeParser(
      '*',
      { parseAs: 'buffer', bodyLimit: REPOSITORY_BODY_BYTES },
      (request, body, done) => {
        this.receiving.received(request.raw);
        done(null, body);
      },
    );
  }

  /** Before the body is read: who is calling, and whether there is room. Throws OipError 401 or 503. */
  private admit(request: FastifyRequest, reply: FastifyReply): void {
    const startedMs = performance.now();
    reply.header('x-request-id', request.id);
    if (OPEN_ROUTES.has(request.url.split('?', 1)[0] ?? '')) {
      request.openInference = { startedMs, caller: undefined };
      return;
    }
    const bearer = bearerOf(request.headers.authorization);
    try {
      request.openInference = { startedMs, caller: this.backend.authenticate(bearer) };
    } catch (error) {
      reply.header('www-authenticate', bearer === undefined ? 'Bearer' : 'Bearer error="invalid_token"');
      throw error;
    }
    if (request.method !== 'POST') return;
    if (request.routeOptions.url === INFER_ROUTE) this.backend.checkRoom();
    this.receiving.expect(request.raw, startedMs);
  }

  private describe(error: unknown, request: FastifyRequest): OipError {
    if (error instanceof OipError) return error;
    const { statusCode, message, code } = error as FastifyError;
    if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
      const limit = request.routeOptions.bodyLimit;
      return new OipError(413, `The body is larger than ${limit} bytes. Send fewer rows per request.`);
    }
    if (statusCode !== undefined && statusCode < 500) return new OipError(statusCode, message);
    return toOipError(error, this.options.onError);
  }
}

function notFound(request: FastifyRequest, reply: FastifyReply): OipError {
  const allowed = allowedMethod(request.url.split('?', 1)[0] ?? '');
  if (allowed === undefined || allowed === request.method) {
    return new OipError(404, `There is nothing at ${request.method} ${request.url}.`);
  }
  reply.header('allow', allowed);
  return new OipError(405, `${request.method} is not allowed here: use ${allowed}.`);
}

/** The fixed paths and what reads or changes them. */
const METHODS: ReadonlyMap<string, string> = new Map([
  ['/v2', 'GET'],
  ['/v2/', 'GET'],
  ['/v2/health/live', 'GET'],
  ['/v2/health/ready', 'GET'],
  ['/v2/models', 'GET'],
  ['/v2/models/stats', 'GET'],
  ['/v2/repository/index', 'POST'],
]);

function allowedMethod(path: string): string | undefined {
  const fixed = METHODS.get(path);
  if (fixed !== undefined) return fixed;
  if (path.startsWith(REPOSITORY_MODELS)) {
    return parseRepositoryPath(path.slice(REPOSITORY_MODELS.length)) === null ? undefined : 'POST';
  }
  const model = path.startsWith(MODELS) ? parseModelPath(path.slice(MODELS.length)) : null;
  if (model === null) return undefined;
  return model.action === 'infer' ? 'POST' : 'GET';
}
