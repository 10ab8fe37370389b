import { toDomainError } from '@aimass/platform-errors';
import type { BatchJob } from '../batching/batch.js';
import { Batcher } from '../batching/batcher.js';
import type { BatchOptions } from '../batching/batcher.js';
import type { ProtocolCodec } from '../protocols/codec.js';
import { OipGrpcCodec } from '../protocols/oip-grpc.js';
import { OipRestCodec } from '../protocols/oip-rest.js';
import type { Occupant } from './memory/admission.js';
import { UseValue } from './memory/use-value.js';
import type { EvictionClock } from './memory/use-value.js';
import { versionNotLoaded, versionQuarantined, versionUnloaded } from './models.errors.js';
import type { ResidentModel } from './resident-model.js';
import { DEFAULT_SERVING } from './serving-options.js';
import type { ServingOptions } from './serving-options.js';
import type { VersionSpec } from './version-spec.js';
import { VersionStatistics } from './version-statistics.js';

/**
 * `cold` ⇄ `loading` → `ready` → `cold` (evicted); `loading` → `failed` → `loading` (another try). An operator makes any of
 * them `unloaded`, two crashes make it `quarantined`; both end when an operator loads it. `retired` is for ever.
 */
export type ServedModelState =
  'cold' | 'loading' | 'ready' | 'failed' | 'quarantined' | 'unloaded' | 'retired';

/** What a version needs of the store it is kept in. */
export interface ServedModelContext {
  readonly clock: EvictionClock;
  readonly batchOptions: (serving: ServingOptions) => BatchOptions;
  /** A call waits for the version, which is not in memory. */
  readonly onDemand: (model: ServedModel) => void;
}

/**
 * One model version on this replica, from the moment a route mentions it. Calls are validated and queued whatever its
 * state; while it is not in memory they wait for it inside their deadlines, unless it is known not to come.
 */
export class ServedModel implements Occupant {
  /** Open Inference Protocol over REST. */
  readonly rest: ProtocolCodec;
  /** Open Inference Protocol over gRPC. */
  readonly grpc: ProtocolCodec;
  readonly batcher: Batcher;
  readonly statistics = new VersionStatistics();
  private readonly value: UseValue;
  private serving: ServingOptions;
  private current: ServedModelState = 'cold';
  private reasonText = '';
  private resident: ResidentModel | undefined;
  private takenBytes = 0;
  private tookMs = 0;

  constructor(
    readonly spec: VersionSpec,
    private readonly context: ServedModelContext,
  ) {
    this.rest = new OipRestCodec(spec.signature, String(spec.number));
    this.grpc = new OipGrpcCodec(spec.signature, String(spec.number));
    this.serving = spec.serving ?? DEFAULT_SERVING;
    this.batcher = new Batcher(spec.signature, context.batchOptions(this.serving), this.statistics);
    this.value = new UseValue(context.clock, performance.now());
  }

  get state(): ServedModelState {
    return this.current;
  }

  /** Why it is failed or quarantined; else empty. */
  get reason(): string {
    return this.reasonText;
  }

  /** What it takes, or while it is loading is expected to take; 0 when it is not in memory. */
  get memoryBytes(): number {
    if (this.resident?.isFreed === true) return 0;
    return this.takenBytes;
  }

  /** How long the last load and its warm-up took. */
  get loadMs(): number {
    return this.tookMs;
  }

  get isPinned(): boolean {
    return this.serving.pinned;
  }

  /** In memory, and nothing runs or waits. */
  get isIdle(): boolean {
    return this.current === 'ready' && this.batcher.isIdle;
  }

  /** Somebody waits for it, or wants it in memory whether called or not. */
  get isWanted(): boolean {
    return this.serving.pinned || !this.batcher.isIdle;
  }

  get worth(): number {
    return this.value.worth(this.tookMs, this.takenBytes, performance.now());
  }

  get lastUsedMs(): number {
    return this.value.lastUsedMs;
  }

  /** Takes a validated call; it runs when the version is ready and its turn has come. */
  enqueue(job: BatchJob): void {
    this.value.touch(job.arrivedAt);
    this.batcher.enqueue(job);
    if (this.current !== 'ready') this.context.onDemand(this);
  }

  /** Other options apply from the next call and run on, without reloading. */
  configure(serving: ServingOptions): void {
    this.serving = serving;
    this.batcher.configure(this.context.batchOptions(serving));
  }

  /** It is to be loaded: calls wait for it from now on, whatever kept them out before. */
  awaitLoad(): void {
    if (this.current === 'ready' || this.current === 'retired') return;
    this.become('loading');
    this.batcher.suspend();
  }

  /** Its memory is set aside: the load starts. */
  reserve(bytes: number): void {
    this.resident = undefined;
    this.takenBytes = bytes;
  }

  /** It is in memory and warm. One that is not wanted any more is freed again. */
  ready(model: ResidentModel, memoryBytes: number, loadMs: number): void {
    this.resident = model;
    this.takenBytes = memoryBytes;
    this.tookMs = loadMs;
    if (this.current !== 'loading') {
      model.dispose();
      return;
    }
    this.become('ready');
    this.value.restart(performance.now());
    this.batcher.attach(model);
  }

  /** Out of memory until the next call, or not into it for now. Only for what is idle or has never been in. */
  cool(): void {
    this.become('cold');
    this.batcher.suspend();
    this.free();
  }

  /** As `cool`, for the sake of another version. */
  evict(): void {
    this.context.clock.evicted(this.worth);
    this.cool();
  }

  /** Loading failed: waiting and coming calls hear why. Returns whether trying again may help. */
  failed(error: unknown): boolean {
    this.takenBytes = 0;
    if (this.current !== 'loading') return false;
    const known = toDomainError(error);
    this.become(
      'failed',
      known.kind === 'internal' && error instanceof Error ? error.message : known.message,
    );
    const isRetryable = known.kind === 'internal' || known.kind === 'unavailable';
    this.batcher.detach(known.kind === 'invalid' ? known : versionNotLoaded(this.reasonText, isRetryable));
    return isRetryable;
  }

  /** It is not loaded any more; its calls hear why. */
  quarantine(reason: string): void {
    this.become('quarantined', reason);
    this.batcher.detach(versionQuarantined(reason));
  }

  /** An operator takes it away. Settles when its memory is free; what runs is finished first. */
  async unload(): Promise<void> {
    if (this.current === 'retired') return;
    this.become('unloaded');
    this.batcher.detach(versionUnloaded());
    this.free();
    await this.resident?.freed;
  }

  /** No route mentions it any more. The caller waits until it is idle, or accepts that waiting calls fail. */
  retire(): void {
    this.become('retired');
    this.batcher.detach(versionUnloaded());
    this.free();
  }

  private become(state: ServedModelState, reason = ''): void {
    this.current = state;
    this.reasonText = reason;
  }

  private free(): void {
    if (this.resident === undefined) this.takenBytes = 0;
    this.resident?.dispose();
  }
}
