import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DomainError } from '@aimass/platform-errors';
import { LINE_SIGNATURE } from '../../test/layers-model.fixture.js';
import type { LoadedModel } from '../engines/engine.js';
import { ModelStore } from './model-store.js';
import type { VersionSpec } from './version-spec.js';

/** Loads when told to. */
class StagedLoader {
  readonly asked: string[] = [];
  private readonly waiting = new Map<
    string,
    { resolve: (model: LoadedModel) => void; reject: (error: Error) => void }
  >();

  load(spec: VersionSpec): Promise<LoadedModel> {
    this.asked.push(spec.id);
    return new Promise((resolve, reject) => this.waiting.set(spec.id, { resolve, reject }));
  }
  async succeed(id: string): Promise<{ dispose: ReturnType<typeof vi.fn> }> {
    const model = { run: () => Promise.resolve([]), dispose: vi.fn() };
    this.waiting.get(id)?.resolve(model);
    await vi.advanceTimersByTimeAsync(0);
    return model;
  }
  async fail(id: string, error: Error): Promise<void> {
    this.waiting.get(id)?.reject(error);
    await vi.advanceTimersByTimeAsync(0);
  }
}

function placed(...ids: string[]): Map<string, VersionSpec> {
  const spec = {
    modelName: 'line',
    number: 1,
    engine: 'tensorflow',
    format: 'tfjs-layers',
    signature: LINE_SIGNATURE,
  };
  return new Map(ids.map((id) => [id, { id, ...spec, manifest: { files: [], sha256: '' } }]));
}

const changed = vi.fn();
let loader: StagedLoader;
let store: ModelStore;

beforeEach(() => {
  Logger.overrideLogger(false);
  vi.useFakeTimers();
  changed.mockClear();
  loader = new StagedLoader();
  const config = { MAX_BATCH_ROWS: 4, MAX_QUEUED_CALLS: 4, MAX_QUEUE_MS: 100, UNLOAD_GRACE_SECONDS: 30 };
  store = new ModelStore(loader, config);
  store.onChange(changed);
});
afterEach(() => {
  store.onApplicationShutdown();
  vi.useRealTimers();
});

describe('loading', () => {
  it('loads a version once, however often it is placed meanwhile', async () => {
    store.place(placed('mv_1'));
    store.place(placed('mv_1', 'mv_2'));
    await loader.succeed('mv_1');
    store.place(placed('mv_1', 'mv_2'));
    expect(loader.asked).toEqual(['mv_1', 'mv_2']);
    expect(store.readyIds()).toEqual(['mv_1']);
    expect(changed).toHaveBeenCalledTimes(1);
  });

  it('keeps a failure with its reason and tries again, later each time', async () => {
    store.place(placed('mv_1'));
    await loader.fail('mv_1', new Error('the disk is gone'));
    expect(store.failures()).toEqual({ mv_1: 'the disk is gone' });
    await vi.advanceTimersByTimeAsync(1_000);
    await loader.fail('mv_1', new Error('still gone'));
    await vi.advanceTimersByTimeAsync(1_999);
    expect(loader.asked).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1);
    await loader.succeed('mv_1');
    expect(store.readyIds()).toEqual(['mv_1']);
    expect(store.failures()).toEqual({});
    expect(changed).toHaveBeenCalledTimes(3);
  });

  it('does not try again what cannot succeed', async () => {
    store.place(placed('mv_1'));
    await loader.fail('mv_1', new DomainError('precondition_failed', 'test', 'No model.'));
    await vi.advanceTimersByTimeAsync(600_000);
    expect(loader.asked).toHaveLength(1);
    expect(store.failures()).toEqual({ mv_1: 'No model.' });
  });
});

describe('unloading', () => {
  it('keeps a version that no route mentions any more for the grace period', async () => {
    store.place(placed('mv_1'));
    const model = await loader.succeed('mv_1');
    store.place(placed());
    await vi.advanceTimersByTimeAsync(29_999);
    expect(store.readyIds()).toEqual(['mv_1']);
    await vi.advanceTimersByTimeAsync(1);
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

  it('frees a version that finishes loading after it was unloaded, and stops trying one that failed', async () => {
    store.place(placed('mv_1', 'mv_2'));
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
