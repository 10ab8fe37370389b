import { defaultTuning } from './data-plane.tuning.js';
import { gatewayIdOf } from './limits/gateway-id.js';
import { Leases } from './limits/leases.js';
import { Limiter } from './limits/limiter.js';
import { UsageShipper } from './metering/usage-shipper.js';
import { UsageSpool } from './metering/usage-spool.js';
import { Overload } from './overload.js';
import type { DataPlaneDependencies, KeyReader, ProxyConfig, ProxyLog } from './ports.js';
import { ReplicaPool } from './replicas/replica-pool.js';
import { RoutingTable } from './routing/routing-table.js';

/** The parts of the data plane, put together: routes, limits, replicas and metering. */
export class DataPlane {
  readonly routes: RoutingTable;
  readonly limiter: Limiter;
  readonly replicas: ReplicaPool;
  /** Whether new predictions are refused. */
  readonly overload: Overload;
  readonly spool: UsageSpool;
  readonly keys: KeyReader;
  readonly config: ProxyConfig;
  readonly log: ProxyLog;
  private readonly shipper: UsageShipper;
  private readonly stopping = new AbortController();
  private following: Promise<unknown> = Promise.resolve();

  /** Takes the spool folder. Throws an Error that says what to do when another process has it. */
  constructor(private readonly dependencies: DataPlaneDependencies) {
    const { nats, leases, keys, config, log } = dependencies;
    const tuning = this.tuning();
    this.keys = keys;
    this.config = config;
    this.log = log;
    this.routes = new RoutingTable(log, tuning.swapMs);
    this.spool = new UsageSpool(config.SPOOL_DIR, tuning, log);
    this.limiter = new Limiter(new Leases(gatewayIdOf(config.SPOOL_DIR), leases, log));
    this.replicas = new ReplicaPool(tuning, log);
    this.overload = new Overload(tuning, this.replicas, log);
    this.shipper = new UsageShipper(nats, this.spool, log, tuning.shipDelayMs);
  }

  /** Whether the routes are known, so that requests can be judged. */
  isReady(): boolean {
    return this.routes.isSynced;
  }

  /** Starts to follow routes and replicas, to renew leases and to ship usage. */
  start(): void {
    const { nats } = this.dependencies;
    const { signal } = this.stopping;
    this.overload.start();
    this.limiter.start(this.tuning().renewMs);
    this.shipper.start();
    this.following = Promise.all([this.routes.follow(nats, signal), this.replicas.start(nats, signal)]);
  }

  /** Ends all of that; call it once no request is open any more. What is not shipped stays in the spool. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.overload.stop();
    this.limiter.stop();
    this.replicas.stop();
    await this.shipper.stop();
    this.spool.close();
    await this.following;
  }

  private tuning() {
    return { ...defaultTuning(), ...this.dependencies.tuning };
  }
}
