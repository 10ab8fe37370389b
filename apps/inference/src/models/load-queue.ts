import type { DomainError } from '@aimass/platform-errors';
import type { LoadedModel } from '../engines/engine.js';
import type { CrashWatch } from './crashes/crash-watch.js';
import { grownBytes } from './memory/growth.js';
import type { ModelMemory } from './memory/model-memory.js';
import type { ModelLoader } from './model-loader.js';
import { memoryPinned, memoryTooSmall } from './models.errors.js';
import { ResidentModel } from './resident-model.js';
import type { ServedModel } from './served-model.js';
import { Tryouts } from './tryouts.js';
import type { VersionSpec } from './version-spec.js';

/** A load that waits for busy versions to become idle looks again after this long. */
const RECHECK_MS = 10;

/** What loading needs. */
export interface LoadParts {
  readonly loader: Pick<ModelLoader, 'load' | 'needsTrial' | 'tryOut'>;
  readonly memory: ModelMemory;
  readonly crashes: CrashWatch;
}

/** What a queue tells the store and asks of it. */
export interface LoadHooks {
  /** All versions that may be in memory. */
  readonly occupants: () => readonly ServedModel[];
  /** A version became ready, cold or evicted. */
  readonly onChange: (model: ServedModel) => void;
  readonly onFailed: (model: ServedModel, error: unknown) => void;
}

/**
 * Brings versions into memory, one at a time, so that what the process grows by is what the load took. Those somebody
 * waits for come first, and others may be evicted for them; when those are busy, the load waits as long as somebody waits
 * for it. What nobody waits for is loaded when it fits, and stays cold when it does not. Trials come before all this.
 */
export class LoadQueue {
  /** Version → until when (`performance.now()`) an operator waits for it. */
  private readonly waiting = new Map<ServedModel, number>();
  private readonly tryouts: Tryouts;
  private isLoading = false;
  private recheck: NodeJS.Timeout | undefined;

  constructor(
    private readonly parts: LoadParts,
    private readonly hooks: LoadHooks,
  ) {
    this.tryouts = new Tryouts(parts.loader, {
      isUrgent: (model) => model.state === 'loading' && this.isUrgent(model),
      onPassed: () => this.pump(),
      onFailed: (model, error) => {
        this.waiting.delete(model);
        hooks.onFailed(model, error);
      },
    });
  }

  /** Asks for a version, once however often it is asked for. */
  request(model: ServedModel, untilMs = 0): void {
    model.awaitLoad();
    if (model.state !== 'loading') return;
    const knownUntilMs = this.waiting.get(model);
    if (knownUntilMs !== undefined && knownUntilMs >= untilMs) return;
    this.waiting.set(model, untilMs);
    this.tryouts.begin(model);
    this.pump();
  }

  /** Whether the version would be loaded now without anybody having to go. */
  hasRoomFor(model: ServedModel): boolean {
    const others = this.others(model);
    const plan = this.parts.memory.plan(this.expect(model, others), others, { mayEvict: false });
    return plan.kind === 'fits';
  }

  stop(): void {
    this.waiting.clear();
    clearTimeout(this.recheck);
  }

  private pump(): void {
    clearTimeout(this.recheck);
    this.recheck = undefined;
    if (this.isLoading) return;
    const models = [...this.waiting.keys()].filter((model) => this.tryouts.hasPassed(model));
    const urgent = models.filter((model) => this.isUrgent(model));
    for (const model of new Set([...urgent, ...models])) {
      if (model.state === 'loading' ? this.tryStart(model) : this.forget(model)) return;
    }
    if (models.some((model) => this.waiting.has(model)))
      this.recheck = setTimeout(() => this.pump(), RECHECK_MS);
  }

  private forget(model: ServedModel): false {
    this.waiting.delete(model);
    return false;
  }

  private isUrgent(model: ServedModel): boolean {
    return model.isWanted || (this.waiting.get(model) ?? 0) > performance.now();
  }

  /** Returns whether a load has been started. */
  private tryStart(model: ServedModel): boolean {
    const { memory } = this.parts;
    const isUrgent = this.isUrgent(model);
    const others = this.others(model);
    const needBytes = this.expect(model, others);
    const plan = memory.plan(needBytes, others, { mayEvict: isUrgent });
    if (plan.kind === 'short' && isUrgent) return false;
    this.waiting.delete(model);
    if (plan.kind === 'short') {
      model.cool();
      this.hooks.onChange(model);
      return false;
    }
    if (plan.kind === 'impossible') {
      this.hooks.onFailed(model, this.noMemory(needBytes, plan.pinnedBytes));
      return false;
    }
    this.evict(plan.victims);
    this.isLoading = true;
    model.reserve(needBytes);
    void this.load(model).finally(() => {
      this.isLoading = false;
      this.pump();
    });
    return true;
  }

  private expect(model: ServedModel, others: readonly ServedModel[]): number {
    return this.parts.memory.expect(model.spec, others, this.tryouts.peakBytesOf(model));
  }

  private async load(model: ServedModel): Promise<void> {
    const { memory, crashes } = this.parts;
    const probation = crashes.probationOf(model.spec);
    const startedAt = performance.now();
    const before = process.memoryUsage();
    try {
      const work = (): Promise<LoadedModel> => this.loadNoted(model.spec);
      const loaded = await (probation ? probation.load(work) : work());
      const { id: modelVersionId } = model.spec;
      const resident = new ResidentModel(loaded, { modelVersionId, journal: crashes.journal, probation });
      const bytes = memory.measure(model.spec, loaded, {
        grownBytes: grownBytes(before, process.memoryUsage()),
        triedBytes: this.tryouts.peakBytesOf(model),
      });
      this.makeRoom(model, resident, bytes);
      model.ready(resident, bytes, Math.round(performance.now() - startedAt));
      this.hooks.onChange(model);
    } catch (error) {
      this.hooks.onFailed(model, error);
    }
  }

  private async loadNoted(spec: VersionSpec): Promise<LoadedModel> {
    const { journal } = this.parts.crashes;
    journal.know(spec.id, spec.manifest.sha256);
    const slot = journal.beginLoad(spec.id);
    try {
      return await this.parts.loader.load(spec);
    } finally {
      journal.end(slot);
    }
  }

  /** A load that took more than was expected pushes out others, or fails when it can never fit. */
  private makeRoom(model: ServedModel, resident: ResidentModel, bytes: number): void {
    const plan = this.parts.memory.plan(bytes, this.others(model), { mayEvict: true });
    if (plan.kind === 'fits') this.evict(plan.victims);
    if (plan.kind !== 'impossible') return;
    resident.dispose();
    throw this.noMemory(bytes, plan.pinnedBytes);
  }

  private evict(victims: readonly ServedModel[]): void {
    for (const victim of victims) {
      victim.evict();
      this.hooks.onChange(victim);
    }
  }

  private noMemory(needBytes: number, pinnedBytes: number): DomainError {
    const { budgetBytes } = this.parts.memory;
    return needBytes > budgetBytes
      ? memoryTooSmall(needBytes, budgetBytes)
      : memoryPinned(needBytes, budgetBytes, pinnedBytes);
  }

  private others(model: ServedModel): ServedModel[] {
    return this.hooks.occupants().filter((each) => each !== model);
  }
}
