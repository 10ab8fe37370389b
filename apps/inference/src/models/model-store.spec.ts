import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Mock } from 'vitest';
import { DomainError } from '@aimass/platform-errors';
import { LINE_SIGNATURE } from '../../test/layers-model.fixture.js';
import type { BatchJob } from '../batching/batch.js';
import type { LoadedModel } from '../engines/engine.js';
import { CrashWatch } from './crashes/crash-watch.js';
import { ModelMemory } from './memory/model-memory.js';
import { ModelStore } from './model-store.js';
import type { ServingOptions } from './serving-options.js';
import type { VersionSpec } from './version-spec.js';

type Staged = LoadedModel & { dispose: Mock<() => void>; finishRuns: () => void };

/** Loads when told to; its models run when told to. */
class StagedLoader {
  readonly asked: string[] = [];
  private readonly waiting = new Map<
    string,
    { spec: VersionSpec; resolve: (model: LoadedModel) => void; reject: (error: Error) => void }
  >();

  /** Versions that need a trial, which ends when told to. */
  readonly risky = new Set<string>();
  readonly trials = new Map<string, { pass: (peakBytes?: number) => void; fail: (error: Error) => void }>();

  needsTrial(spec: VersionSpec): boolean {
    return this.risky.has(spec.id);
  }
  tryOut(spec: VersionSpec): Promise<number | undefined> {
    return new Promise((pass, fail) => this.trials.set(spec.id, { pass, fail }));
  }
  load(spec: VersionSpec): Promise<LoadedModel> {
    this.asked.push(spec.id);
    return new Promise((resolve, reject) => this.waiting.set(spec.id, { spec, resolve, reject }));
  }
  async succeed(id: string, memoryBytes?: number): Promise<Staged> {
    let finishes: (() => void)[] = [];
    const size = memoryBytes ?? this.waiting.get(id)?.spec.manifest.files[0]?.sizeBytes ?? 0;
    const model: Staged = {
      run: (inputs) =>
        new Promise((resolve) => finishes.push(() => resolve([{ ...inputs[0]!, data: inputs[0]!.data }]))),
      dispose: vi.fn<() => void>(),
      memoryBytes: size,
      finishRuns: () => {
        for (const finish of finishes) finish();
        finishes = [];
      },
    };
    this.waiting.get(id)?.resolve(model);
    await settle();
    return model;
  }
  async fail(id: string, error: Error): Promise<void> {
    this.waiting.get(id)?.reject(error);
    await settle();
  }
}

/** Lets what is due happen, with the setImmediate that a batcher starts runs with. */
const settle = () => vi.advanceTimersByTimeAsync(1);

function specOf(id: string, sizeBytes = 0, serving?: Partial<ServingOptions>): VersionSpec {
  const options = { maxBatchRows: 0, batchDelayUs: 0, priority: 0, maxQueueMs: 0, pinned: false, ...serving };
  return {
    id,
    modelName: 'line',
    number: 1,
    engine: 'tensorflow',
    format: 'tfjs-layers',
    signature: LINE_SIGNATURE,
    manifest: { files: [{ path: 'model', sha256: `f-${id}`, sizeBytes }], sha256: `d-${id}` },
    serving: options,
  };
}

function placed(...specs: (string | VersionSpec)[]): Map<string, VersionSpec> {
  const all = specs.map((spec) => (typeof spec === 'string' ? specOf(spec) : spec));
  return new Map(all.map((spec) => [spec.id, spec]));
}

/** A call of one row that notes what came of it. */
function call(id: string, waitMs = 5_000): { result: () => string } {
  let result = 'waits';
  const now = performance.now();
  const job: BatchJob = {
    inputs: [{ shape: [1, 1], values: [1] }],
    rows: 1,
    arrivedAt: now,
    deadlineAt: now + waitMs,
    priority: 0,
    isCancelled: false,
    succeed: () => (result = 'answered'),
    fail: (error) => (result = error.code),
  };
  store.get(id).enqueue(job);
  return { result: () => result };
}

const changed = vi.fn();
let folder: string;
let loader: StagedLoader;
let crashes: CrashWatch;
let memory: ModelMemory;
let store: ModelStore;

async function createStore(budgetBytes?: number): Promise<void> {
  memory = new ModelMemory({ CACHE_DIR: folder, MEMORY_BUDGET_BYTES: budgetBytes });
  crashes = await CrashWatch.open(folder);
  const config = { MAX_BATCH_ROWS: 4, MAX_QUEUED_CALLS: 4, MAX_QUEUE_MS: 100, UNLOAD_GRACE_SECONDS: 30 };
  store = new ModelStore(loader, memory, crashes, config);
  store.onChange(changed);
}

async function stopStore(): Promise<void> {
  store.onApplicationShutdown();
  crashes.onModuleDestroy();
  await Promise.all([crashes.onApplicationShutdown(), memory.onApplicationShutdown()]);
}

beforeEach(async () => {
  Logger.overrideLogger(false);
  vi.useFakeTimers();
  changed.mockClear();
  folder = mkdtempSync(join(tmpdir(), 'aimass-store-'));
  loader = new StagedLoader();
  await createStore();
});
afterEach(async () => {
  await stopStore();
  vi.useRealTimers();
  rmSync(folder, { recursive: true });
});

describe('loading', () => {
  it('loads one version at a time, each once, however often it is placed and called meanwhile', async () => {
    store.place(placed('mv_1'));
    store.place(placed('mv_1', 'mv_2'));
    const waiting = call('mv_1');
    await settle();
    expect(loader.asked).toEqual(['mv_1']);
    const model = await loader.succeed('mv_1');
    await settle();
    store.place(placed('mv_1', 'mv_2'));
    expect(loader.asked).toEqual(['mv_1', 'mv_2']);
    expect(store.readyIds()).toEqual(['mv_1']);
    model.finishRuns();
    await settle();
    expect(waiting.result()).toBe('answered');
  });

  it('takes the version that is called before those that nobody waits for', async () => {
    store.place(placed('mv_1', 'mv_2', 'mv_3'));
    call('mv_3');
    await loader.succeed('mv_1');
    expect(loader.asked).toEqual(['mv_1', 'mv_3']);
  });

  it('keeps a failure with its reason and tries again, later each time', async () => {
    store.place(placed('mv_1'));
    await loader.fail('mv_1', new Error('the disk is gone'));
    expect(store.failures()).toEqual({ mv_1: 'the disk is gone' });
    expect(call('mv_1').result()).toBe('inference.version_not_loaded');
    await vi.advanceTimersByTimeAsync(1_000);
    await loader.fail('mv_1', new Error('still gone'));
    await vi.advanceTimersByTimeAsync(1_990);
    expect(loader.asked).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(10);
    await loader.succeed('mv_1');
    expect(store.readyIds()).toEqual(['mv_1']);
    expect(store.failures()).toEqual({});
  });

  it('does not try again what cannot succeed', async () => {
    store.place(placed('mv_1'));
    await loader.fail('mv_1', new DomainError('precondition_failed', 'test', 'No model.'));
    await vi.advanceTimersByTimeAsync(600_000);
    expect(loader.asked).toHaveLength(1);
    expect(store.failures()).toEqual({ mv_1: 'No model.' });
  });

  it('takes other serving options without loading again, and other files as another version', async () => {
    store.place(placed('mv_1'));
    const model = await loader.succeed('mv_1');
    store.place(placed(specOf('mv_1', 0, { pinned: true })));
    expect(store.get('mv_1').isPinned).toBe(true);
    expect(loader.asked).toHaveLength(1);
    const other = specOf('mv_1');
    store.place(placed({ ...other, manifest: { ...other.manifest, sha256: 'other' } }));
    expect(loader.asked).toHaveLength(2);
    expect(model.dispose).toHaveBeenCalledTimes(1);
  });
});

describe('a version that needs a trial', () => {
  it('keeps none of the others from being loaded meanwhile', async () => {
    loader.risky.add('mv_1');
    store.place(placed('mv_1', 'mv_2'));
    const waiting = call('mv_1');
    expect(loader.asked).toEqual(['mv_2']);
    await loader.succeed('mv_2');
    expect(store.readyIds()).toEqual(['mv_2']);
    loader.trials.get('mv_1')?.pass();
    await settle();
    expect(loader.asked).toEqual(['mv_2', 'mv_1']);
    const model = await loader.succeed('mv_1');
    model.finishRuns();
    await settle();
    expect(waiting.result()).toBe('answered');
  });

  it('is not loaded when it fails there, and tried again when an operator wants it', async () => {
    loader.risky.add('mv_1');
    store.place(placed('mv_1'));
    const waiting = call('mv_1');
    loader.trials.get('mv_1')?.fail(new DomainError('precondition_failed', 'test', 'It loops.'));
    await settle();
    expect(loader.asked).toEqual([]);
    expect(store.failures()).toEqual({ mv_1: 'It loops.' });
    expect(waiting.result()).toBe('inference.version_not_loaded');
    const wanted = store.load('mv_1', 5_000);
    await settle();
    loader.trials.get('mv_1')?.pass();
    await settle();
    await loader.succeed('mv_1');
    await wanted;
    expect(store.readyIds()).toEqual(['mv_1']);
  });

  it('is admitted with what it took there, as far as that can be had', async () => {
    await stopStore();
    await createStore(100);
    loader.risky.add('mv_1');
    store.place(placed(specOf('mv_2', 30, { pinned: true }), specOf('mv_1', 10)));
    await loader.succeed('mv_2', 30);
    loader.trials.get('mv_1')?.pass(50);
    await settle();
    expect(store.memoryUse().usedBytes).toBe(80);
    await loader.succeed('mv_1', 20);
    expect(store.memoryUse().usedBytes).toBe(50);
  });
});

describe('unloading', () => {
  it('keeps a version that no route mentions any more for the grace period', async () => {
    store.place(placed('mv_1'));
    const model = await loader.succeed('mv_1');
    store.place(placed());
    await vi.advanceTimersByTimeAsync(29_990);
    expect(store.readyIds()).toEqual(['mv_1']);
    await vi.advanceTimersByTimeAsync(10);
    expect(store.readyIds()).toEqual([]);
    expect(model.dispose).toHaveBeenCalledTimes(1);
    expect(() => store.get('mv_1')).toThrow(expect.objectContaining({ kind: 'not_found' }));
  });

  it('keeps a version that comes back within the grace period, without loading it again', async () => {
    store.place(placed('mv_1'));
    await loader.succeed('mv_1');
    store.place(placed());
    await vi.advanceTimersByTimeAsync(20_000);
    store.place(placed('mv_1'));
    await vi.advanceTimersByTimeAsync(600_000);
    expect(store.readyIds()).toEqual(['mv_1']);
    expect(loader.asked).toEqual(['mv_1']);
  });

  it('keeps a version until its successor is loaded, however long that takes within minutes', async () => {
    store.place(placed('mv_1'));
    await loader.succeed('mv_1');
    store.place(placed('mv_2'));
    await vi.advanceTimersByTimeAsync(120_000);
    expect(store.readyIds()).toEqual(['mv_1']);
    await loader.succeed('mv_2');
    await vi.advanceTimersByTimeAsync(29_000);
    expect(store.readyIds()).toEqual(['mv_1', 'mv_2']);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(store.readyIds()).toEqual(['mv_2']);
  });

  it('lets a version go all the same when its successor does not come for minutes', async () => {
    store.place(placed('mv_1'));
    await loader.succeed('mv_1');
    store.place(placed('mv_2'));
    await vi.advanceTimersByTimeAsync(300_000 + 30_000);
    expect(store.readyIds()).toEqual([]);
  });

  it('lets a version finish what it was given', async () => {
    store.place(placed('mv_1'));
    const model = await loader.succeed('mv_1');
    const running = call('mv_1', 120_000);
    await settle();
    store.place(placed());
    await vi.advanceTimersByTimeAsync(60_000);
    expect(model.dispose).not.toHaveBeenCalled();
    model.finishRuns();
    await vi.advanceTimersByTimeAsync(100);
    expect(running.result()).toBe('answered');
    expect(model.dispose).toHaveBeenCalledTimes(1);
  });

  it('frees a version that finishes loading after it was unloaded, and stops trying one that failed', async () => {
    store.place(placed('mv_2', 'mv_1'));
    await loader.fail('mv_2', new Error('no'));
    store.place(placed());
    await vi.advanceTimersByTimeAsync(30_000);
    const asked = loader.asked.length;
    const model = await loader.succeed('mv_1');
    expect(model.dispose).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(loader.asked).toHaveLength(asked);
  });
});

describe('asking for a version', () => {
  it('is answered with "starting" before the first placement, with "not found" afterwards', () => {
    expect(() => store.get('mv_1')).toThrow(expect.objectContaining({ code: 'inference.replica_starting' }));
    store.place(placed());
    expect(() => store.get('mv_1')).toThrow(expect.objectContaining({ code: 'inference.version_not_found' }));
  });
});

describe('with less memory than the versions take', () => {
  /** Three versions of 40 in a memory of 100: two are loaded, the third stays cold. */
  async function crowd(...third: Parameters<typeof specOf>[]): Promise<[Staged, Staged]> {
    await stopStore();
    const measured = { 'd-mv_1': 40, 'd-mv_2': 40, 'd-mv_3': third[0]?.[1] ?? 40 };
    writeFileSync(join(folder, 'measured.json'), JSON.stringify(measured));
    await createStore(100);
    store.place(placed(specOf('mv_1', 40), specOf('mv_2', 40), specOf(...(third[0] ?? ['mv_3', 40]))));
    const first = await loader.succeed('mv_1');
    return [first, await loader.succeed('mv_2')];
  }

  it('loads what fits and leaves the rest cold', async () => {
    await crowd();
    expect(loader.asked).toEqual(['mv_1', 'mv_2']);
    expect(store.readyIds()).toEqual(['mv_1', 'mv_2']);
    expect(store.coldIds()).toEqual(['mv_3']);
    expect(store.memoryUse()).toEqual({ usedBytes: 80, budgetBytes: 100 });
  });

  it('holds calls for a cold version while it is loaded in place of the least used one', async () => {
    const [first, second] = await crowd();
    call('mv_2');
    await settle();
    second.finishRuns();
    await settle();
    const held = [call('mv_3'), call('mv_3')];
    expect(first.dispose).toHaveBeenCalledTimes(1);
    expect(store.coldIds()).toEqual(['mv_1']);
    const third = await loader.succeed('mv_3');
    await settle();
    third.finishRuns();
    await settle();
    expect(held.map((each) => each.result())).toEqual(['answered', 'answered']);
    expect(loader.asked).toEqual(['mv_1', 'mv_2', 'mv_3']);
    expect(store.memoryUse().usedBytes).toBe(80);
  });

  it('waits for busy versions to become idle, and never evicts them before', async () => {
    const [first, second] = await crowd();
    call('mv_1');
    call('mv_2', 20_000);
    await settle();
    const held = call('mv_3');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(loader.asked).toHaveLength(2);
    first.finishRuns();
    await vi.advanceTimersByTimeAsync(20);
    expect(first.dispose).toHaveBeenCalledTimes(1);
    expect(second.dispose).not.toHaveBeenCalled();
    const third = await loader.succeed('mv_3');
    await settle();
    third.finishRuns();
    await settle();
    expect(held.result()).toBe('answered');
  });

  it('gives up a load when nobody waits for it any more: its calls met their deadlines', async () => {
    await crowd();
    call('mv_1', 60_000);
    call('mv_2', 60_000);
    await settle();
    const held = call('mv_3', 200);
    await vi.advanceTimersByTimeAsync(300);
    expect(held.result()).toBe('inference.deadline_exceeded');
    expect(store.coldIds()).toEqual(['mv_3']);
    expect(loader.asked).toHaveLength(2);
  });

  it('makes room for a pinned version without a call, and never takes it away', async () => {
    const [first] = await crowd();
    store.place(placed(specOf('mv_1', 40), specOf('mv_2', 40), specOf('mv_3', 40, { pinned: true })));
    expect(first.dispose).toHaveBeenCalledTimes(1);
    const pinned = await loader.succeed('mv_3');
    for (const id of ['mv_1', 'mv_2', 'mv_1']) {
      call(id, 1);
      await vi.advanceTimersByTimeAsync(50);
      await loader.succeed(id);
    }
    expect(pinned.dispose).not.toHaveBeenCalled();
    expect(store.readyIds()).toContain('mv_3');
  });

  it('fails a version that is larger than the whole budget, with both numbers, and does not try again', async () => {
    await crowd(['mv_3', 101]);
    expect(store.failures()['mv_3']).toMatch(/needs 101 bytes.* has 100 .*MEMORY_BUDGET_BYTES/);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(loader.asked).toHaveLength(2);
  });

  it('goes by what a load took, not by what was expected, now and the next time', async () => {
    const [first, second] = await crowd();
    call('mv_3', 60_000);
    await loader.succeed('mv_3', 90);
    expect(first.dispose).toHaveBeenCalledTimes(1);
    expect(second.dispose).toHaveBeenCalledTimes(1);
    expect(store.memoryUse().usedBytes).toBe(90);
  });

  it('loads a cold version without a call once another has left and it fits', async () => {
    const [first] = await crowd();
    store.place(placed(specOf('mv_2', 40), specOf('mv_3', 40)));
    await vi.advanceTimersByTimeAsync(30_010);
    expect(first.dispose).toHaveBeenCalledTimes(1);
    expect(loader.asked.at(-1)).toBe('mv_3');
  });
});

describe("an operator's word", () => {
  it('unloads a version: what runs is finished, what comes is refused, until it is loaded again', async () => {
    store.place(placed('mv_1'));
    const model = await loader.succeed('mv_1');
    const running = call('mv_1');
    await settle();
    const unloading = store.unload('mv_1');
    expect(call('mv_1').result()).toBe('inference.version_unloaded');
    expect(model.dispose).not.toHaveBeenCalled();
    model.finishRuns();
    await unloading;
    expect(running.result()).toBe('answered');
    expect(model.dispose).toHaveBeenCalledTimes(1);
    store.place(placed('mv_1', 'mv_2'));
    expect(store.get('mv_1').state).toBe('unloaded');
    const loading = store.load('mv_1', 10_000);
    await loader.succeed('mv_2');
    await loader.succeed('mv_1');
    expect((await loading).state).toBe('ready');
  });

  it('loads a version whose load had failed for good, and hears why when it fails again', async () => {
    store.place(placed('mv_1'));
    const error = new DomainError('precondition_failed', 'test', 'No model.');
    await loader.fail('mv_1', error);
    const loading = store.load('mv_1', 10_000).catch((reason: unknown) => reason);
    await settle();
    await loader.fail('mv_1', error);
    expect(await loading).toMatchObject({ code: 'inference.version_not_loaded' });
    const again = store.load('mv_1', 10_000);
    await settle();
    await loader.succeed('mv_1');
    expect((await again).state).toBe('ready');
  });

  it('says that a load takes longer than the caller waits, and goes on with it', async () => {
    store.place(placed('mv_1'));
    const loading = store.load('mv_1', 500).catch((reason: unknown) => reason);
    await vi.advanceTimersByTimeAsync(500);
    expect(await loading).toMatchObject({ kind: 'unavailable', code: 'inference.load_unfinished' });
    await loader.succeed('mv_1');
    expect(store.readyIds()).toEqual(['mv_1']);
  });
});
