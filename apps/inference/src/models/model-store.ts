import { EventEmitter } from 'node:events';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { CONFIG } from '@aimass/platform-service';
import type { Config } from '../config.js';
import { CrashWatch } from './crashes/crash-watch.js';
import { LoadQueue } from './load-queue.js';
import type { LoadParts } from './load-queue.js';
import { ModelMemory } from './memory/model-memory.js';
import { ModelLoader } from './model-loader.js';
import { loadUnfinished, replicaStarting, versionNotFound, versionNotLoaded } from './models.errors.js';
import { Retirement } from './retirement.js';
import { ServedModel } from './served-model.js';
import type { ServedModelContext, ServedModelState } from './served-model.js';
import { batchOptionsOf, DEFAULT_SERVING } from './serving-options.js';
import type { VersionSpec } from './version-spec.js';

/** Waits between attempts to load: 1 s, doubling. */
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 60_000;

type StoreConfig = Pick<
  Config,
  'MAX_BATCH_ROWS' | 'MAX_QUEUED_CALLS' | 'MAX_QUEUE_MS' | 'UNLOAD_GRACE_SECONDS'
>;

/**
 * The model versions of this replica: those that routes mention are kept in memory as far as it reaches, the others are
 * loaded when they are called; those that no route mentions any more leave.
 */
@Injectable()
export class ModelStore implements OnApplicationShutdown {
  private readonly logger = new Logger('models');
  private readonly models = new Map<string, ServedModel>();
  private readonly retryMs = new WeakMap<ServedModel, number>();
  private readonly changes = new EventEmitter().setMaxListeners(0);
  private readonly context: ServedModelContext;
  private readonly queue: LoadQueue;
  private readonly retirement: Retirement;
  /** Ids of the versions that routes mention; undefined before the first placement. */
  private mentioned: ReadonlyMap<string, unknown> | undefined;

  constructor(
    @Inject(ModelLoader) loader: LoadParts['loader'],
    @Inject(ModelMemory) private readonly memory: ModelMemory,
    @Inject(CrashWatch) private readonly crashes: CrashWatch,
    @Inject(CONFIG) config: StoreConfig,
  ) {
    this.context = {
      clock: memory.clock,
      batchOptions: (serving) => batchOptionsOf(serving, config),
      onDemand: (model) => this.demand(model),
    };
    this.queue = new LoadQueue(
      { loader, memory, crashes },
      {
        occupants: () => [...this.models.values()],
        onChange: (model) => this.changed(model),
        onFailed: (model, error) => this.failed(model, error),
      },
    );
    this.retirement = new Retirement(config.UNLOAD_GRACE_SECONDS * 1000, {
      isSettled: () => !this.list().some((each) => each.state === 'loading' && !this.isLeaving(each)),
      leave: (id) => this.leave(id),
    });
  }

  /** Makes exactly these versions the ones to serve: loads what is new and fits, retires what is missing. */
  place(specs: ReadonlyMap<string, VersionSpec>): void {
    this.mentioned = specs;
    const added = [...specs.values()].filter((spec) => !this.keep(spec)).map((spec) => this.add(spec));
    // All are known before the first is loaded: retirement waits for the whole placement.
    for (const model of added) if (model.state === 'loading') this.queue.request(model);
    for (const [id, model] of this.models) {
      if (specs.has(id)) continue;
      model.configure({ ...DEFAULT_SERVING, ...model.spec.serving, pinned: false });
      this.retirement.start(id);
    }
  }

  /** The version, whatever its state. Throws `not_found`, or `unavailable` before the first placement. */
  get(id: string): ServedModel {
    const model = this.models.get(id);
    if (model === undefined) throw this.mentioned ? versionNotFound(id) : replicaStarting();
    return model;
  }

  /** Every version that this replica knows. */
  list(): ServedModel[] {
    return [...this.models.values()];
  }

  /** Ids of the versions that are loaded and warm. */
  readyIds(): string[] {
    return this.list().flatMap((model) => (model.state === 'ready' ? [model.spec.id] : []));
  }

  /** Ids of the versions that are loaded when they are called. */
  coldIds(): string[] {
    return this.list().flatMap((model) => (model.state === 'cold' ? [model.spec.id] : []));
  }

  /** Id → reason of the versions that are not to be had. */
  failures(): Record<string, string> {
    const failed = this.list().flatMap((model): [string, string][] => {
      if (model.state === 'unloaded') return [[model.spec.id, 'an operator unloaded it']];
      if (model.state === 'quarantined') return [[model.spec.id, `quarantined: ${model.reason}`]];
      return model.state === 'failed' ? [[model.spec.id, model.reason]] : [];
    });
    return Object.fromEntries(failed);
  }

  /** Bytes that loaded versions take, and may take. */
  memoryUse(): { usedBytes: number; budgetBytes: number } {
    const usedBytes = this.list().reduce((sum, model) => sum + model.memoryBytes, 0);
    return { usedBytes, budgetBytes: this.memory.budgetBytes };
  }

  /** Calls `listener` whenever a version becomes ready or cold, fails or leaves. */
  onChange(listener: () => void): void {
    this.changes.on('change', listener);
  }

  /**
   * Brings a version into memory at an operator's word, whatever kept it out, and settles when it is warm. Others may be
   * evicted for it. Throws the reason when it cannot be loaded, or `unavailable` after `waitMs`; the load then goes on.
   */
  async load(id: string, waitMs: number): Promise<ServedModel> {
    const model = this.get(id);
    if (model.state === 'ready') return model;
    await this.crashes.lift(model.spec);
    this.queue.request(model, performance.now() + waitMs);
    const state = await this.untilSettled(model, waitMs);
    if (state === 'ready') return model;
    if (state === 'failed') throw versionNotLoaded(model.reason, this.retryMs.has(model));
    throw loadUnfinished(id);
  }

  /** Takes a version out of memory; its calls are refused until it is loaded again or placed anew. */
  async unload(id: string): Promise<ServedModel> {
    const model = this.get(id);
    const freed = model.unload();
    this.changed(model);
    await freed;
    this.loadWhatFits();
    return model;
  }

  onApplicationShutdown(): void {
    this.queue.stop();
    this.retirement.stop();
    for (const model of this.models.values()) model.retire();
    this.models.clear();
  }

  /** Returns whether the version is here already. What replaces the files of a version replaces the version. */
  private keep(spec: VersionSpec): boolean {
    const model = this.models.get(spec.id);
    if (model === undefined) return false;
    this.retirement.cancel(spec.id);
    if (model.spec.manifest.sha256 === spec.manifest.sha256) {
      model.configure(spec.serving ?? DEFAULT_SERVING);
      if (model.isPinned && model.state === 'cold') this.queue.request(model);
      return true;
    }
    model.retire();
    return false;
  }

  private add(spec: VersionSpec): ServedModel {
    const model = new ServedModel(spec, this.context);
    this.models.set(spec.id, model);
    const quarantine = this.crashes.quarantineOf(spec);
    if (quarantine === undefined) model.awaitLoad();
    else {
      this.logger.error(`${name(model)} is quarantined and not loaded: ${quarantine}`);
      model.quarantine(quarantine);
      this.changed(model);
    }
    return model;
  }

  private demand(model: ServedModel): void {
    if (model.state === 'cold' || model.state === 'loading') this.queue.request(model);
  }

  private changed(model: ServedModel): void {
    this.retryMs.delete(model);
    if (model.state === 'ready') {
      const mib = (model.memoryBytes / 1024 ** 2).toFixed(1);
      this.logger.log(`${name(model)} is ready after ${model.loadMs} ms and takes ${mib} MiB`);
    } else this.logger.log(`${name(model)} is ${model.state}`);
    this.announce();
  }

  /** A failure is kept with its reason and tried again, unless that cannot help. */
  private failed(model: ServedModel, error: unknown): void {
    const isRetryable = model.failed(error);
    if (model.state !== 'failed') return;
    const waitMs = this.retryMs.get(model) ?? FIRST_RETRY_MS;
    const next = isRetryable ? `next attempt in ${waitMs / 1000} s` : 'not tried again';
    this.logger.error(`${name(model)} does not load, ${next}: ${model.reason}`);
    if (isRetryable) this.retryLater(model, waitMs);
    this.announce();
  }

  private retryLater(model: ServedModel, waitMs: number): void {
    this.retryMs.set(model, Math.min(waitMs * 2, LAST_RETRY_MS));
    const retry = (): void => {
      if (model.state === 'failed') this.queue.request(model);
    };
    setTimeout(retry, waitMs).unref();
  }

  private leave(id: string): boolean {
    const model = this.models.get(id);
    if (model?.state === 'ready' && !model.isIdle) return false;
    this.models.delete(id);
    model?.retire();
    if (model) this.logger.log(`${name(model)} is unloaded: no route mentions it`);
    this.announce();
    this.loadWhatFits();
    return true;
  }

  /** Room has become free: what would be loaded at the next call is loaded now, as far as it reaches. */
  private loadWhatFits(): void {
    for (const model of this.list()) {
      const isCold = model.state === 'cold' && !this.isLeaving(model);
      if (isCold && this.queue.hasRoomFor(model)) this.queue.request(model);
    }
  }

  private isLeaving(model: ServedModel): boolean {
    return this.mentioned?.has(model.spec.id) !== true;
  }

  private announce(): void {
    this.retirement.check();
    this.changes.emit('change');
  }

  private untilSettled(model: ServedModel, waitMs: number): Promise<ServedModelState> {
    return new Promise((resolve) => {
      const settle = (): void => {
        clearTimeout(timer);
        this.changes.off('change', check);
        resolve(model.state);
      };
      const check = (): void => {
        if (model.state !== 'loading') settle();
      };
      const timer = setTimeout(settle, waitMs);
      this.changes.on('change', check);
      check();
    });
  }
}

function name({ spec }: ServedModel): string {
  return `${spec.modelName} ${spec.number} (${spec.id})`;
}
