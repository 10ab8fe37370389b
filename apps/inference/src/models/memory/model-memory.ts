import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { CONFIG } from '@aimass/platform-service';
import type { Config } from '../../config.js';
import type { LoadedModel } from '../../engines/engine.js';
import type { VersionSpec } from '../version-spec.js';
import { pinnedBytesOf, planAdmission } from './admission.js';
import type { AdmissionPlan, Occupant } from './admission.js';
import { MeasuredMemory } from './measured-memory.js';
import { defaultMemoryBudget } from './memory-budget.js';
import { EvictionClock } from './use-value.js';

/** The memory that loaded versions share: how much there is, how much each takes, and who has to make room. */
@Injectable()
export class ModelMemory implements OnApplicationShutdown {
  readonly budgetBytes: number;
  readonly clock = new EvictionClock();
  private readonly measured: MeasuredMemory;
  /** Names of the engines that have loaded something in this process. */
  private readonly started = new Set<string>();

  constructor(@Inject(CONFIG) config: Pick<Config, 'MEMORY_BUDGET_BYTES' | 'CACHE_DIR'>) {
    this.budgetBytes = config.MEMORY_BUDGET_BYTES ?? defaultMemoryBudget();
    this.measured = new MeasuredMemory(config.CACHE_DIR);
  }

  onApplicationShutdown(): Promise<void> {
    return this.measured.settled();
  }

  /** Bytes a load of this version is going to take; `triedBytes` is what it took at most in a trial. */
  expect(spec: VersionSpec, others: readonly Occupant[] = [], triedBytes?: number): number {
    const freeableBytes = this.budgetBytes - pinnedBytesOf(others);
    return this.measured.expect(spec.manifest, freeableBytes, triedBytes);
  }

  /** Whether `needBytes` more fit beside the others, and who of them has to go. */
  plan<T extends Occupant>(
    needBytes: number,
    others: readonly T[],
    options: { mayEvict: boolean },
  ): AdmissionPlan<T> {
    return planAdmission({ needBytes, budgetBytes: this.budgetBytes, mayEvict: options.mayEvict }, others);
  }

  /**
   * Bytes a version that has just been loaded takes: what its engine says, else what the process grew by. Growth beyond
   * what the version took at most in its trial, `triedBytes`, was of something else: calls go on during a load.
   */
  measure(
    spec: VersionSpec,
    model: LoadedModel,
    growth: { readonly grownBytes: number; readonly triedBytes?: number | undefined },
  ): number {
    const { memoryBytes } = model;
    if (memoryBytes !== undefined) return this.measured.know(spec.manifest, memoryBytes);
    // The first load of an engine, in each thread, also brings in the engine, which stays when the version goes.
    const isFirst = !this.started.has(spec.engine) || model.startedThread === true;
    this.started.add(spec.engine);
    const grownBytes = Math.min(growth.grownBytes, growth.triedBytes ?? Infinity);
    const ownBytes = isFirst ? Math.min(grownBytes, this.expect(spec)) : grownBytes;
    return this.measured.remember(spec.manifest, ownBytes);
  }
}
