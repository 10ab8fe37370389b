import type { RequestListener } from 'node:http';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import { MAX_MESSAGE_BYTES } from '@aimass/platform-grpc';
import { OipGrpcServer, registerOipRoutes, SharedPort } from '@aimass/platform-open-inference';
import type { OipOptions } from '@aimass/platform-open-inference';
import { newId } from '@aimass/platform-persistence';
import { CONFIG } from '@aimass/platform-service';
import { fastify } from 'fastify';
import type { FastifyInstance } from 'fastify';
import type { Config } from '../config.js';
import { ModelStore } from '../models/model-store.js';
import { PlacementService } from '../placement/placement.service.js';
import { ModelDirectory } from './model-directory.js';
import { OperatorBackend } from './operator-backend.js';

/** A call without a deadline waits this long at most. */
const REQUEST_TIMEOUT_MS = 60_000;
/** Calls under way when the replica stops may take this long to end. */
const DRAIN_MS = 2_000;
const TIMEOUTS = {
  headersMs: 10_000,
  keepAliveMs: 60_000,
  requestMs: 2 * REQUEST_TIMEOUT_MS,
  readMs: 60_000,
};
const SANE_ID = /^[A-Za-z0-9._-]{1,128}$/;

/**
 * The Open Inference Protocol for operators, REST and gRPC on one internal port, past the gateways: no keys, no limits,
 * no metering. Nothing listens unless HTTP_PORT is set.
 */
@Injectable()
export class OperatorPort implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('operator');
  private http: FastifyInstance | undefined;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly models: ModelStore,
    private readonly placement: PlacementService,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const { HTTP_PORT: port, HTTP_HOST: host } = this.config;
    if (port === undefined) return;
    this.http = this.createServer();
    await this.http.listen({ port, host });
    this.logger.log(`serving operators on ${host}:${port}`);
  }

  async onModuleDestroy(): Promise<void> {
    await this.http?.close();
  }

  private createServer(): FastifyInstance {
    const options: OipOptions = {
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
      bodyLimitBytes: MAX_MESSAGE_BYTES,
      answerHeaders: [],
      requestId: requestIdOf,
      onError: (error) => this.logger.error(error),
    };
    const backend = new OperatorBackend(this.models, {
      directory: new ModelDirectory(this.models, () => this.placement.routes()),
      isPlaced: () => this.placement.isPlaced,
      maxBatchRows: this.config.MAX_BATCH_ROWS,
    });
    const port = new SharedPort(TIMEOUTS);
    const http = fastify({
      genReqId: ({ headers }) => requestIdOf(headers['x-request-id']),
      serverFactory: (listener: RequestListener) => port.createServer(listener),
      forceCloseConnections: 'idle',
    });
    registerOipRoutes(http, backend, options);
    const grpc = new OipGrpcServer(backend, options);
    port.serveHttp2((socket) => grpc.serve(socket));
    http.addHook('preClose', (done) => {
      port.closeSilent();
      grpc.stop(DRAIN_MS);
      done();
    });
    return http;
  }
}

/** The caller's own request id when it is a sane one, else a new one. */
function requestIdOf(given: unknown): string {
  return typeof given === 'string' && SANE_ID.test(given) ? given : newId('req');
}
