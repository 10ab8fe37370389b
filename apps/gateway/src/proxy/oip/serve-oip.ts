import { OipGrpcServer, registerOipRoutes } from '@aimass/platform-open-inference';
import type { OipOptions, SharedPort } from '@aimass/platform-open-inference';
import type { FastifyInstance } from 'fastify';
import { requestIdOf } from '../../http/request-id.js';
import { DATA_ANSWER_HEADERS } from '../../http/security-headers.js';
import type { DataPlane } from '../data-plane.js';
import { GatewayBackend } from './gateway-backend.js';

/** Calls under way when the gateway stops may take this long to end. */
const DRAIN_MS = 5_000;

/**
 * Serves the Open Inference Protocol: REST below `/v2` on the Fastify instance, past Nest's work per request, and gRPC
 * for the HTTP/2 connections of the same port. Call it before the instance listens; it ends with the instance.
 */
export function serveOpenInference(fastify: FastifyInstance, plane: DataPlane, port: SharedPort): void {
  const options: OipOptions = {
    requestTimeoutMs: plane.config.REQUEST_TIMEOUT_MS,
    bodyLimitBytes: plane.config.BODY_LIMIT_BYTES,
    answerHeaders: DATA_ANSWER_HEADERS,
    requestId: (given) => requestIdOf({ headers: { 'x-request-id': given } }),
    onError: (error) =>
      plane.log.error(error instanceof Error ? (error.stack ?? error.message) : String(error)),
  };
  const backend = new GatewayBackend(plane);
  registerOipRoutes(fastify, backend, options);
  const grpc = new OipGrpcServer(backend, options);
  port.serveHttp2((socket) => grpc.serve(socket));
  fastify.addHook('preClose', (done) => {
    port.closeSilent();
    grpc.stop(DRAIN_MS);
    done();
  });
  fastify.addHook('onClose', (_instance, done) => {
    backend.close();
    done();
  });
}
