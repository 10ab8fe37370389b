import type { DomainError } from '@aimass/platform-errors';
import { toDomainError } from '@aimass/platform-errors';
import type { BatchJob } from '../batching/batch.js';
import { Batcher } from '../batching/batcher.js';
import type { BatchObserver, BatchOptions } from '../batching/batcher.js';
import type { LoadedModel } from '../engines/engine.js';
import type { ProtocolCodec } from '../protocols/codec.js';
import { OipGrpcCodec } from '../protocols/oip-grpc.js';
import { OipRestCodec } from '../protocols/oip-rest.js';
import { versionNotLoaded, versionUnloaded } from './models.errors.js';
import type { VersionSpec } from './version-spec.js';

/** `loading` → `ready` | `failed`; `failed` → `ready` when a retry succeeds; any → `unloaded`. */
export type ServedModelState = 'loading' | 'ready' | 'failed' | 'unloaded';

/**
 * One model version on this replica, from the moment a route mentions it. Calls are validated and queued while it is
 * still loading; they run once it is ready, inside their deadlines.
 */
export class ServedModel {
  /** Open Inference Protocol over REST. */
  readonly rest: ProtocolCodec;
  /** Open Inference Protocol over gRPC. */
  readonly grpc: ProtocolCodec;
  readonly batcher: Batcher;
  private current: ServedModelState = 'loading';
  private reason = '';

  constructor(
    readonly spec: VersionSpec,
    options: BatchOptions,
    observer: BatchObserver,
  ) {
    this.rest = new OipRestCodec(spec.signature, String(spec.number));
    this.grpc = new OipGrpcCodec(spec.signature, String(spec.number));
    this.batcher = new Batcher(spec.signature, options, observer);
  }

  get state(): ServedModelState {
    return this.current;
  }

  /** Why loading failed; empty unless it did. */
  get failure(): string {
    return this.reason;
  }

  /** Takes a validated call; it runs when the version is ready and its turn has come. */
  enqueue(job: BatchJob): void {
    this.batcher.enqueue(job);
  }

  /** The version is loaded and warm. A version that was unloaded meanwhile is freed again. */
  ready(model: LoadedModel): void {
    if (this.current === 'unloaded') {
      model.dispose();
      return;
    }
    this.current = 'ready';
    this.reason = '';
    this.batcher.attach(model);
  }

  /** Loading failed: waiting and coming calls hear why. Returns whether trying again may help. */
  failed(error: unknown): boolean {
    if (this.current === 'unloaded') return false;
    this.current = 'failed';
    const known = toDomainError(error);
    this.reason = known.kind === 'internal' && error instanceof Error ? error.message : known.message;
    const isRetryable = known.kind === 'internal' || known.kind === 'unavailable';
    this.batcher.detach(isRetryable || known.kind !== 'invalid' ? versionNotLoaded(this.reason) : known);
    return isRetryable;
  }

  /** Frees the model. The caller waits for `batcher.isIdle` first, or accepts that waiting calls fail. */
  unload(reason: DomainError = versionUnloaded()): void {
    this.current = 'unloaded';
    this.batcher.detach(reason)?.dispose();
  }
}
