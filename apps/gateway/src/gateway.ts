import type { RequestListener } from 'node:http';
import { createRequire } from 'node:module';
import { NestFactory } from '@nestjs/core';
import { Transport } from '@nestjs/microservices';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { SharedPort } from '@aimass/platform-open-inference';
import { NestLogger } from '@aimass/platform-service';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { AppModule } from './app.module.js';
import type { Config } from './config.js';
import { registerBodyTimeout, UPLOAD_TYPES } from './http/body-timeout.js';
import { registerDocumentation } from './http/documentation.js';
import { registerHealth } from './http/health.js';
import { registerAnswerHeaders, requestIdOf } from './http/request-id.js';
import { registerSecurityHeaders } from './http/security-headers.js';
import { DataPlane } from './proxy/data-plane.js';
import { serveOpenInference } from './proxy/oip/serve-oip.js';

const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

/** For a whole request, since an upload is one; the bodies of others have the time of a prediction. */
const LONGEST_REQUEST_MS = 60 * 60_000;

/** Builds the gateway; it serves after `listen`. */
export async function createGateway(
  config: Readonly<Config>,
  logger: Logger,
): Promise<NestFastifyApplication> {
  const port = new SharedPort({
    headersMs: config.HEADERS_TIMEOUT_MS,
    keepAliveMs: config.KEEP_ALIVE_TIMEOUT_MS,
    readMs: config.READ_TIMEOUT_MS,
    requestMs: LONGEST_REQUEST_MS,
  });
  const adapter = new FastifyAdapter({
    genReqId: requestIdOf,
    bodyLimit: config.JSON_LIMIT_BYTES,
    serverFactory: (listener: RequestListener) => port.createServer(listener),
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 512 },
    rewriteUrl: ({ url = '/' }) => withoutSlash(url),
  });
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.with(config), adapter, {
    logger: new NestLogger(logger),
  });
  app.setGlobalPrefix('api/v1');
  // Notices only: their loss costs one poll. Not awaited, so that the gateway serves while NATS is away.
  app.connectMicroservice({
    transport: Transport.NATS,
    options: { servers: [config.NATS_URL], maxReconnectAttempts: -1, waitOnFirstConnect: true },
  });
  app.startAllMicroservices().catch((error: unknown) => logger.warn({ err: error }, 'no notices'));

  const fastify: FastifyInstance = adapter.getInstance();
  await registerSecurityHeaders(fastify);
  registerAnswerHeaders(fastify);
  acceptUploads(fastify);
  registerBodyTimeout(fastify, config.REQUEST_TIMEOUT_MS);
  const plane = app.get(DataPlane);
  registerHealth(fastify, () => plane.isReady());
  await registerDocumentation(fastify, app, version);
  serveOpenInference(fastify, plane, port);
  return app;
}

/** The tus protocol writes the address of uploads with a slash at its end. */
function withoutSlash(url: string): string {
  return url.startsWith('/api/v1/uploads/') ? url.replace(/^(\/api\/v1\/uploads)\/(?=\?|$)/, '$1') : url;
}

/** Uploads stay streams; their size is limited where they are stored. */
function acceptUploads(fastify: FastifyInstance): void {
  fastify.addContentTypeParser([...UPLOAD_TYPES], (_request, payload, done) => done(null, payload));
}
