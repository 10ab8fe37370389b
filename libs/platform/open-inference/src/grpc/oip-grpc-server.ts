import { oip } from '@aimass/contracts';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import type {
  ConnectionInjector,
  Metadata,
  sendUnaryData,
  ServerDuplexStream,
  ServerInterceptingCallInterface,
  ServerUnaryCall,
} from '@grpc/grpc-js';
import type { Socket } from 'node:net';
import type { OipBackend, OipOptions } from '../backend.js';
import { toOipError } from '../oip-error.js';
import { bearerOf } from '../request-headers.js';
import { GuardedCall } from './guarded-call.js';
import type { CallGuard } from './guarded-call.js';
import { HealthService } from './health.js';
import { registerReadMethods } from './read-methods.js';
import { StreamInfer } from './stream-infer.js';
import { textOf, UnaryInfer } from './unary-infer.js';

const SERVICE = oip.GRPCInferenceServiceService;
const SERVICE_NAME = 'inference.GRPCInferenceService';
/** For whoever wants to know whether the server lives, before there is a key. */
const OPEN_METHODS = new Set([
  SERVICE.serverLive.path,
  SERVICE.serverReady.path,
  '/grpc.health.v1.Health/Check',
  '/grpc.health.v1.Health/Watch',
]);
const SWEEP_MS = 500;
const LIMITS = {
  'grpc.max_send_message_length': -1,
  // Calls of one connection at a time; more wait in the client.
  'grpc.max_concurrent_streams': 256,
  // Bookkeeping per call that nobody here reads.
  'grpc.enable_channelz': 0,
  // A connection that was told to go away (a flood) but stays open is closed by this, too.
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 5_000,
  'grpc.max_connection_idle_ms': 10 * 60_000,
  // Megabytes that one connection may take; streams beyond that are refused.
  'grpc-node.max_session_memory': 128,
};
const pass = (bytes: Buffer): Buffer => bytes;

/**
 * `inference.GRPCInferenceService` and `grpc.health.v1.Health` for connections that a shared port hands over. The body
 * of a prediction passes through as bytes.
 */
export class OipGrpcServer<Caller> {
  private readonly server: Server;
  private readonly injector: ConnectionInjector;
  private readonly health: HealthService;
  private readonly sockets = new Set<Socket>();
  private readonly open = new Set<GuardedCall>();
  private readonly keyGuard: CallGuard;
  private readonly openGuard: CallGuard;
  private readonly inferGuard: CallGuard;
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly backend: OipBackend<Caller>,
    private readonly options: OipOptions,
  ) {
    this.keyGuard = {
      requestTimeoutMs: options.requestTimeoutMs,
      admit: (metadata) => this.authenticate(metadata),
      opened: (call) => this.open.add(call),
      closed: (call) => this.open.delete(call),
    };
    this.openGuard = { ...this.keyGuard, admit: () => undefined };
    this.inferGuard = { ...this.keyGuard, admit: (metadata) => this.admitInfer(metadata) };
    this.server = new Server({
      ...LIMITS,
      'grpc.max_receive_message_length': options.bodyLimitBytes,
      interceptors: [(method, call) => this.guard(method, call)],
    });
    this.injector = this.server.createConnectionInjector(ServerCredentials.createInsecure());
    this.registerInfer();
    registerReadMethods(this.server, backend, options);
    this.health = new HealthService([SERVICE_NAME], () => backend.isReady());
    this.health.register(this.server);
    this.timer = setInterval(() => this.sweep(performance.now()), SWEEP_MS);
    this.timer.unref();
  }

  /** Serves a connection that has begun with an HTTP/2 preface; the bytes read so far are back in the socket. */
  serve(socket: Socket): void {
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    this.injector.injectConnection(socket);
  }

  /** Takes no new calls and lets those under way end; after `graceMs` they are cut off. */
  stop(graceMs: number): void {
    clearInterval(this.timer);
    this.health.stop();
    this.injector.drain(graceMs);
  }

  private registerInfer(): void {
    const { backend, options, server } = this;
    const unary = new UnaryInfer(backend, options);
    server.register(
      SERVICE.modelInfer.path,
      (call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>) =>
        unary.handle(call, callback),
      pass,
      pass,
      'unary',
    );
    server.register(
      SERVICE.modelStreamInfer.path,
      (call: ServerDuplexStream<Buffer, Buffer>) => {
        new StreamInfer(call, { backend, options }).start();
      },
      pass,
      pass,
      'bidi',
    );
  }

  private guard(
    method: { readonly path: string; readonly requestStream: boolean; readonly responseStream: boolean },
    call: ServerInterceptingCallInterface,
  ): GuardedCall {
    let guard = this.keyGuard;
    if (method.path === SERVICE.modelInfer.path) guard = this.inferGuard;
    else if (OPEN_METHODS.has(method.path)) guard = this.openGuard;
    return new GuardedCall(call, guard, method.responseStream);
  }

  private authenticate(metadata: Metadata): Caller {
    try {
      return this.backend.authenticate(bearerOf(textOf(metadata, 'authorization')));
    } catch (error) {
      throw toOipError(error, this.options.onError);
    }
  }

  private admitInfer(metadata: Metadata): Caller {
    const caller = this.authenticate(metadata);
    this.backend.checkRoom();
    return caller;
  }

  private sweep(nowMs: number): void {
    for (const call of this.open) if (call.isStuck(nowMs)) this.cut(call);
  }

  /** Ends the connection of a call whose answer nobody takes: everything of it is still in our memory. */
  private cut(call: GuardedCall): void {
    const { remoteAddress, remotePort } = call.getConnectionInfo();
    for (const socket of this.sockets) {
      if (socket.remotePort === remotePort && socket.remoteAddress === remoteAddress) socket.destroy();
    }
  }
}
