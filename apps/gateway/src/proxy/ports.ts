import type { NatsConnection } from '@nats-io/transport-node';
import type { trafficControl } from '@aimass/contracts';
import type { GrpcClient } from '@aimass/platform-grpc';
import type { Config } from '../config.js';
import type { AuthenticatedKey } from '../identity/key-directory.js';

/** Whose key it is; a read from memory, never a wait. */
export interface KeyReader {
  /** The live key with this secret, or null when there is none (any more). */
  find(presentedKey: string): AuthenticatedKey | null;
}

/** The service that grants leases. */
export type LeaseGrantor = Pick<
  GrpcClient<typeof trafficControl.TrafficControlServiceService>,
  'acquireLeases'
>;

/** What the data plane reads of the gateway's configuration. */
export type ProxyConfig = Pick<Config, 'SPOOL_DIR' | 'BODY_LIMIT_BYTES' | 'REQUEST_TIMEOUT_MS'>;

/** Where the data plane says what an operator should know. */
export interface ProxyLog {
  log(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** Everything the data plane needs from its surroundings. */
export interface DataPlaneDependencies {
  readonly nats: NatsConnection;
  readonly leases: LeaseGrantor;
  readonly keys: KeyReader;
  readonly config: ProxyConfig;
  readonly log: ProxyLog;
  /** Overrides of the defaults in `data-plane.tuning.ts`, for tests. */
  readonly tuning?: Partial<DataPlaneTuning>;
}

/** Times and sizes that are part of the design rather than of a deployment's configuration. Milliseconds. */
export interface DataPlaneTuning {
  /** How long a request for a version that is ready nowhere waits for it, inside its own deadline. */
  readonly holdMs: number;
  /** A replica with unanswered calls that says nothing for this long is asked for a sign of life. */
  readonly pingMs: number;
  /** A replica that gives no sign of life for this long after it was asked for one is taken for stuck. */
  readonly stallMs: number;
  /** A version on a replica that refuses every call for this long is ejected there. */
  readonly refusingMs: number;
  /** The first ejection of a replica, or of a version on it, lasts this long; each further one twice as long. */
  readonly ejectMs: number;
  /** None lasts longer. */
  readonly maxEjectMs: number;
  /** After this long in service the next ejection is a first one again. */
  readonly forgiveMs: number;
  /** What is new or returns gets its full share of calls after this long. */
  readonly rampMs: number;
  /** Retries per request of the last 10 s at most. */
  readonly retryShare: number;
  /** Retries per second that are always allowed. */
  readonly retryFloor: number;
  /** How long the version before answers in place of a new one that is ready nowhere. */
  readonly swapMs: number;
  /** New predictions are refused while the event loop is this far behind. */
  readonly maxLagMs: number;
  /** New predictions are refused while this many are open. */
  readonly maxOpenCalls: number;
  /** New predictions are refused while the bodies of the open ones have this many bytes. */
  readonly maxOpenBytes: number;
  /** A replica whose heartbeat is older is used only when there is no other. */
  readonly heartbeatMs: number;
  /** How often deadlines and stalls are looked at. */
  readonly sweepMs: number;
  /** How often due leases are renewed. */
  readonly renewMs: number;
  /** A spool segment is closed once it is this large. */
  readonly segmentBytes: number;
  /** A spool segment with content is closed once it is this old. */
  readonly segmentMs: number;
  /** Whether the spool waits for the disk (survives a power cut, not only a killed process). */
  readonly isSpoolSynced: boolean;
  /** The shipper lets events gather for this long. */
  readonly shipDelayMs: number;
}
