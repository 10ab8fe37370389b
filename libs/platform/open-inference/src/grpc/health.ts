import { grpcHealth } from '@aimass/contracts';
import { status } from '@grpc/grpc-js';
import type { sendUnaryData, Server, ServerUnaryCall, ServerWritableStream } from '@grpc/grpc-js';

type Check = ServerUnaryCall<grpcHealth.HealthCheckRequest, grpcHealth.HealthCheckResponse>;
type Watch = ServerWritableStream<grpcHealth.HealthCheckRequest, grpcHealth.HealthCheckResponse>;

const ServingStatus = grpcHealth.HealthCheckResponse_ServingStatus;
const POLL_MS = 500;
/** Watching is open to everyone and costs memory. */
const MAX_WATCHERS = 1_000;

/**
 * `grpc.health.v1.Health`: the whole server (the empty name) and every service in `services` are SERVING while
 * `isReady` says so. A change is told to watchers within half a second.
 */
export class HealthService {
  private readonly services: ReadonlySet<string>;
  private readonly watchers = new Set<Watch>();
  private wasReady = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    services: readonly string[],
    private readonly isReady: () => boolean,
  ) {
    this.services = new Set(['', ...services]);
  }

  /** Registers both methods. */
  register(server: Server): void {
    const { check, watch } = grpcHealth.HealthService;
    server.register(
      check.path,
      (call: Check, callback: sendUnaryData<grpcHealth.HealthCheckResponse>) => this.check(call, callback),
      check.responseSerialize,
      check.requestDeserialize,
      'unary',
    );
    server.register(
      watch.path,
      (call: Watch) => this.watch(call),
      watch.responseSerialize,
      watch.requestDeserialize,
      'serverStream',
    );
  }

  /** Ends every watch. */
  stop(): void {
    clearInterval(this.timer);
    for (const watcher of this.watchers) watcher.end();
    this.watchers.clear();
  }

  private check({ request }: Check, callback: sendUnaryData<grpcHealth.HealthCheckResponse>): void {
    if (this.services.has(request.service)) callback(null, { status: this.present() });
    else callback({ code: status.NOT_FOUND, details: 'There is no such service here.' });
  }

  private watch(call: Watch): void {
    if (this.watchers.size >= MAX_WATCHERS) {
      const details = 'Too many clients watch already: use Check.';
      call.emit('error', Object.assign(new Error(details), { code: status.RESOURCE_EXHAUSTED, details }));
      return;
    }
    if (!this.services.has(call.request.service)) {
      // The service could appear later, says the protocol; here it will not, and nothing more is told.
      call.write({ status: ServingStatus.SERVICE_UNKNOWN });
      return;
    }
    this.startPolling();
    this.watchers.add(call);
    call.on('cancelled', () => this.watchers.delete(call));
    call.write({ status: this.present() });
  }

  private startPolling(): void {
    if (this.timer !== undefined) return;
    this.wasReady = this.isReady();
    this.timer = setInterval(() => this.poll(), POLL_MS);
    this.timer.unref();
  }

  private poll(): void {
    const ready = this.isReady();
    if (ready === this.wasReady) return;
    this.wasReady = ready;
    for (const watcher of this.watchers) watcher.write({ status: this.present() });
  }

  private present(): grpcHealth.HealthCheckResponse_ServingStatus {
    return this.isReady() ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
  }
}
