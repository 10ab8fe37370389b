import { EventEmitter } from 'node:events';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { CONFIG } from '@aimass/platform-service';
import type { Config } from '../config.js';
import { ModelLoader } from './model-loader.js';
import { replicaStarting, versionNotFound } from './models.errors.js';
import { ServedModel } from './served-model.js';
import type { VersionSpec } from './version-spec.js';
import { VersionStatistics } from './version-statistics.js';

/** Waits between attempts to load: 1 s, doubling. */
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 60_000;
/** A retired version that still has work is looked at again after this long. */
const BUSY_RECHECK_MS = 100;

type StoreConfig = Pick<
  Config,
  'MAX_BATCH_ROWS' | 'MAX_QUEUED_CALLS' | 'MAX_QUEUE_MS' | 'UNLOAD_GRACE_SECONDS'
>;

/** The model versions of this replica: loads those that routes mention, unloads those that none mentions any more. */
@Injectable()
export class ModelStore implements OnApplicationShutdown {
  private readonly logger = new Logger('models');
  private readonly models = new Map<string, ServedModel>();
  private readonly retirements = new Map<string, NodeJS.Timeout>();
  private readonly changes = new EventEmitter();
  private isPlaced = false;

  constructor(
    @Inject(ModelLoader) private readonly loader: Pick<ModelLoader, 'load'>,
    @Inject(CONFIG) private readonly config: StoreConfig,
  ) {}

  /** Makes exactly these versions the ones to serve: loads what is new, retires what is missing. */
  place(specs: ReadonlyMap<string, VersionSpec>): void {
    this.isPlaced = true;
    for (const [id, spec] of specs) {
      if (this.models.has(id)) this.reprieve(id);
      else this.add(id, spec);
    }
    for (const id of this.models.keys()) if (!specs.has(id)) this.retire(id);
  }

  /** The version, whatever its state. Throws `not_found`, or `unavailable` before the first placement. */
  get(id: string): ServedModel {
    const model = this.models.get(id);
    if (model === undefined) throw this.isPlaced ? versionNotFound(id) : replicaStarting();
    return model;
  }

  /** Ids of the versions that are loaded and warm. */
  readyIds(): string[] {
    return [...this.models].filter(([, model]) => model.state === 'ready').map(([id]) => id);
  }

  /** Id → reason of the versions that could not be loaded. */
  failures(): Record<string, string> {
    const failed = [...this.models].filter(([, model]) => model.state === 'failed');
    return Object.fromEntries(failed.map(([id, model]) => [id, model.failure]));
  }

  /** Calls `listener` whenever a version becomes ready, fails or is unloaded. */
  onChange(listener: () => void): void {
    this.changes.on('change', listener);
  }

  onApplicationShutdown(): void {
    for (const timer of this.retirements.values()) clearTimeout(timer);
    for (const model of this.models.values()) model.unload();
    this.models.clear();
  }

  private add(id: string, spec: VersionSpec): void {
    const options = {
      maxRows: this.config.MAX_BATCH_ROWS,
      batchDelayUs: 0,
      defaultPriority: 5,
      maxQueuedJobs: this.config.MAX_QUEUED_CALLS,
      maxQueueMs: this.config.MAX_QUEUE_MS,
    };
    const model = new ServedModel(spec, options, new VersionStatistics());
    this.models.set(id, model);
    this.load(model, FIRST_RETRY_MS);
  }

  /** One load per version at a time; a failure is kept with its reason and tried again unless that cannot help. */
  private load(model: ServedModel, retryMs: number): void {
    const { modelName, number, id } = model.spec;
    this.loader.load(model.spec).then(
      (loaded) => {
        model.ready(loaded);
        this.logger.log(`${modelName} ${number} (${id}) is ready`);
        this.changes.emit('change');
      },
      (error: unknown) => {
        const isRetryable = model.failed(error);
        const next = isRetryable ? `next attempt in ${retryMs / 1000} s` : 'not tried again';
        this.logger.warn(`${modelName} ${number} (${id}) does not load, ${next}: ${model.failure}`);
        if (isRetryable) this.loadLater(model, retryMs);
        this.changes.emit('change');
      },
    );
  }

  private loadLater(model: ServedModel, waitMs: number): void {
    const retry = (): void => {
      if (model.state !== 'unloaded') this.load(model, Math.min(waitMs * 2, LAST_RETRY_MS));
    };
    setTimeout(retry, waitMs).unref();
  }

  private reprieve(id: string): void {
    clearTimeout(this.retirements.get(id));
    this.retirements.delete(id);
  }

  /** In-flight calls, and gateways that have not heard of the change yet, get the grace period. */
  private retire(id: string): void {
    if (this.retirements.has(id)) return;
    this.retireAfter(id, this.config.UNLOAD_GRACE_SECONDS * 1000);
  }

  private retireAfter(id: string, waitMs: number): void {
    const timer = setTimeout(() => this.unload(id), waitMs);
    timer.unref();
    this.retirements.set(id, timer);
  }

  private unload(id: string): void {
    const model = this.models.get(id);
    if (model?.state === 'ready' && !model.batcher.isIdle) {
      this.retireAfter(id, BUSY_RECHECK_MS);
      return;
    }
    this.retirements.delete(id);
    this.models.delete(id);
    model?.unload();
    this.logger.log(`${model?.spec.modelName} ${model?.spec.number} (${id}) is unloaded`);
    this.changes.emit('change');
  }
}
