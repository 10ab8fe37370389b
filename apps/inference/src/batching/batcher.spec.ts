import { describe, expect, it, vi } from 'vitest';
import { DomainError } from '@aimass/platform-errors';
import type { LoadedModel } from '../engines/engine.js';
import type { Signature } from '../tensors/signature.js';
import type { Tensor } from '../tensors/tensor.js';
import type { BatchJob, BatchTiming } from './batch.js';
import { Batcher } from './batcher.js';
import type { BatchObserver, BatchOptions } from './batcher.js';
import { QueueClock } from './queue-clock.js';

const rowsSignature: Signature = {
  inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 1] }],
  outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 1] }],
};

/** Doubles its input, one run at a time; a value of 13 makes a run fail. Runs wait for `open()` once `close()`d. */
class DoublingModel implements LoadedModel {
  readonly runs: Tensor[] = [];
  isDisposed = false;
  private gate: Promise<void> | undefined;
  private release: () => void = () => undefined;

  close(): void {
    this.gate = new Promise((resolve) => {
      this.release = resolve;
    });
  }
  open(): void {
    this.gate = undefined;
    this.release();
  }
  async run([input]: readonly Tensor[]): Promise<readonly Tensor[]> {
    if (input === undefined) throw new Error('no input');
    this.runs.push(input);
    if (this.gate) await this.gate;
    const values = input.data as Float32Array;
    if (values.includes(13)) throw new Error('unlucky');
    return [{ ...input, data: values.map((value) => value * 2) }];
  }
  dispose(): void {
    this.isDisposed = true;
  }
  sizes(): number[] {
    return this.runs.map((run) => run.shape[0] ?? 0);
  }
}

class Job implements BatchJob {
  readonly priority: number;
  isCancelled = false;
  readonly inputs;
  readonly arrivedAt = performance.now();
  readonly deadlineAt: number;
  readonly answer: Promise<number[] | DomainError>;
  timing: BatchTiming | undefined;
  private resolve: (answer: number[] | DomainError) => void = () => undefined;

  constructor(values: number[], { timeoutMs = 5_000, shape = [values.length, 1], priority = 0 } = {}) {
    this.priority = priority;
    this.inputs = [{ shape, values }];
    this.deadlineAt = this.arrivedAt + timeoutMs;
    this.answer = new Promise((resolve) => {
      this.resolve = resolve;
    });
  }
  get rows(): number {
    return this.inputs[0]?.shape[0] ?? 1;
  }
  succeed([output]: readonly Tensor[], firstRow: number, timing: BatchTiming): void {
    this.timing = timing;
    this.resolve([...(output?.data as Float32Array)].slice(firstRow, firstRow + this.rows));
  }
  fail(error: DomainError, timing: BatchTiming): void {
    this.timing = timing;
    this.resolve(error);
  }
}

/** Keeps what it hears. */
class Observer implements BatchObserver {
  readonly runs: number[] = [];
  successes = 0;
  failures = 0;
  ran(rows: number): void {
    this.runs.push(rows);
  }
  succeeded(): void {
    this.successes += 1;
  }
  failed(): void {
    this.failures += 1;
  }
}

function setup({
  signature = rowsSignature,
  ...options
}: Partial<BatchOptions & { signature: Signature }> = {}) {
  const defaults = { maxRows: 4, batchDelayUs: 0, defaultPriority: 5, maxQueuedJobs: 100, maxQueueMs: 100 };
  const observer = new Observer();
  const batcher = new Batcher(signature, { ...defaults, ...options }, observer);
  const model = new DoublingModel();
  const submit = (...args: ConstructorParameters<typeof Job>): Job => {
    const job = new Job(...args);
    batcher.enqueue(job);
    return job;
  };
  return { batcher, model, submit, observer };
}

/** What was queued before has had its turn afterwards. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('coalescing', () => {
  it('runs calls of the same event-loop turn together and gives each its own rows', async () => {
    const { batcher, model, submit } = setup();
    batcher.attach(model);
    const jobs = [submit([1]), submit([2, 3]), submit([4])];
    expect(await Promise.all(jobs.map((job) => job.answer))).toEqual([[2], [4, 6], [8]]);
    expect(model.sizes()).toEqual([4]);
  });

  it('never joins more rows than the limit, and runs a larger request alone', async () => {
    const { batcher, model, submit } = setup();
    batcher.attach(model);
    const jobs = [submit([1, 2, 3]), submit([4, 5]), submit([1, 2, 3, 4, 5, 6]), submit([7])];
    await Promise.all(jobs.map((job) => job.answer));
    expect(model.sizes()).toEqual([3, 2, 6, 1]);
  });

  it('collects what comes while the engine is busy and runs it the moment it is free', async () => {
    const { batcher, model, submit } = setup();
    batcher.attach(model);
    model.close();
    const first = submit([1]);
    await turn();
    const later = [submit([2]), submit([3])];
    await turn();
    expect(model.sizes()).toEqual([1]);
    model.open();
    expect(await Promise.all([first, ...later].map((job) => job.answer))).toEqual([[2], [4], [6]]);
    expect(model.sizes()).toEqual([1, 2]);
  });

  it('does not wait when the engine is idle: a single call runs in the same turn, without a timer', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval'] });
    try {
      const { batcher, model, submit } = setup();
      batcher.attach(model);
      submit([1]);
      await turn();
      expect(model.sizes()).toEqual([1]);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('never joins requests of a model whose first dimension is fixed', async () => {
    const signature: Signature = {
      ...rowsSignature,
      inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 1] }],
    };
    const { batcher, model, submit } = setup({ signature });
    batcher.attach(model);
    await Promise.all([submit([1]), submit([2])].map((job) => job.answer));
    expect(model.sizes()).toEqual([1, 1]);
  });

  it('joins only requests of equal shape when other dimensions vary', async () => {
    const signature: Signature = {
      ...rowsSignature,
      inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, -1] }],
    };
    const { batcher, model, submit } = setup({ signature });
    batcher.attach(model);
    const jobs = [submit([1]), submit([1, 2], { shape: [1, 2] }), submit([2])];
    await Promise.all(jobs.map((job) => job.answer));
    expect(model.runs.map((run) => run.shape)).toEqual([
      [2, 1],
      [1, 2],
    ]);
  });
});

describe('isolation', () => {
  it('a request that makes a joint run fail fails alone', async () => {
    const { batcher, model, submit } = setup();
    batcher.attach(model);
    const [good, bad, other] = [submit([1]), submit([13]), submit([2])];
    expect(await Promise.all([good.answer, other.answer])).toEqual([[2], [4]]);
    expect(await bad.answer).toMatchObject({ kind: 'internal', code: 'inference.engine_failed' });
    expect(model.sizes()).toEqual([3, 1, 1, 1]);
  });

  it('what the engine says is wrong with a request is answered as it says it', async () => {
    const { batcher, model, submit } = setup();
    const wrong = new DomainError('invalid', 'inference.request_invalid', 'Element 0 is no text.');
    vi.spyOn(model, 'run').mockRejectedValue(wrong);
    batcher.attach(model);
    expect(await submit([1]).answer).toBe(wrong);
  });

  it("an answer that cannot be encoded is that request's own failure", async () => {
    const { batcher, model, submit } = setup();
    batcher.attach(model);
    const bad = new Job([1]);
    bad.succeed = () => {
      throw new Error('no JSON for this');
    };
    batcher.enqueue(bad);
    const good = submit([2]);
    expect(await good.answer).toEqual([4]);
    expect(await bad.answer).toMatchObject({ code: 'inference.engine_failed' });
  });

  it('joins again after a failure', async () => {
    const { batcher, model, submit } = setup();
    batcher.attach(model);
    await submit([13]).answer;
    await Promise.all([submit([1]), submit([2])].map((job) => job.answer));
    expect(model.sizes()).toEqual([1, 2]);
  });
});

describe('deadlines and cancels', () => {
  it('answers a call whose deadline passes behind a long run, and does not compute it', async () => {
    const { batcher, model, submit } = setup();
    batcher.attach(model);
    model.close();
    const running = submit([1]);
    await turn();
    const late = submit([2], { timeoutMs: 10 });
    expect(await late.answer).toMatchObject({ code: 'inference.deadline_exceeded' });
    model.open();
    expect(await running.answer).toEqual([2]);
    expect(model.sizes()).toEqual([1]);
  });

  it('neither computes nor answers a cancelled call', async () => {
    const { batcher, model, submit } = setup();
    batcher.attach(model);
    const cancelled = submit([1]);
    const fail = vi.spyOn(cancelled, 'fail');
    cancelled.isCancelled = true;
    expect(await submit([2]).answer).toEqual([4]);
    expect(model.sizes()).toEqual([1]);
    expect(fail).not.toHaveBeenCalled();
  });

  it('says how long a call waited and how long the engine took', async () => {
    const { batcher, model, submit } = setup();
    batcher.attach(model);
    const job = submit([1]);
    await job.answer;
    expect(job.timing?.queueUs).toBeGreaterThanOrEqual(0);
    expect(job.timing?.computeUs).toBeGreaterThanOrEqual(0);
  });
});

describe('overload', () => {
  it('refuses a call at once when the queue is full', async () => {
    const { model, batcher, submit } = setup({ maxQueuedJobs: 2 });
    const waiting = [submit([1]), submit([2])];
    expect(await submit([3]).answer).toMatchObject({ kind: 'unavailable', code: 'inference.overloaded' });
    batcher.attach(model);
    expect(await Promise.all(waiting.map((job) => job.answer))).toEqual([[2], [4]]);
  });

  it('gives the place of a cancelled call to a new one', async () => {
    const { model, batcher, submit } = setup({ maxQueuedJobs: 1 });
    submit([1]).isCancelled = true;
    const next = submit([2]);
    batcher.attach(model);
    expect(await next.answer).toEqual([4]);
  });

  it('refuses a call whose turn would come after its deadline', async () => {
    const { model, batcher, submit } = setup({ maxRows: 1 });
    batcher.attach(model);
    model.close();
    const slow = submit([1]);
    const clock = vi.spyOn(performance, 'now');
    await turn();
    // The run took a second, as far as the batcher can tell.
    clock.mockReturnValue(slow.arrivedAt + 1_000);
    model.open();
    await slow.answer;
    clock.mockRestore();
    model.close();
    submit([1]);
    await turn();
    submit([2]);
    expect(await submit([3], { timeoutMs: 500 }).answer).toMatchObject({ code: 'inference.overloaded' });
    model.open();
  });
});

describe('a queue that does not empty', () => {
  /** A model that takes 50 ms a run, as far as the batcher can tell, and the clock it goes by. */
  async function overload(maxQueueMs: number) {
    const under = setup({ maxRows: 1, maxQueueMs });
    under.batcher.attach(under.model);
    const clock = vi.spyOn(performance, 'now');
    let now = clock.getMockImplementation()?.() ?? performance.now();
    const advance = (ms: number): void => {
      now += ms;
      clock.mockReturnValue(now);
    };
    advance(0);
    under.model.close();
    const first = under.submit([1]);
    await turn();
    advance(50);
    under.model.open();
    await first.answer;
    under.model.close();
    return { ...under, advance, restore: () => clock.mockRestore() };
  }

  it('takes a burst whatever its length, inside the deadlines', async () => {
    const { submit, model, restore } = await overload(100);
    try {
      const burst = Array.from({ length: 20 }, () => submit([1]));
      model.open();
      expect(await Promise.all(burst.map((job) => job.answer))).toEqual(burst.map(() => [2]));
    } finally {
      restore();
    }
  });

  it('refuses what would wait longer than allowed once it stands, and says when to come back', async () => {
    const { submit, model, advance, restore } = await overload(100);
    try {
      const burst = Array.from({ length: 4 }, () => submit([1]));
      await turn();
      advance(250);
      const refused = await submit([1]).answer;
      expect(refused).toMatchObject({ code: 'inference.overloaded', options: { retryAfterMs: 150 } });
      model.open();
      await Promise.all(burst.map((job) => job.answer));
    } finally {
      restore();
    }
  });
});

it('one pause of the process does not make a version pass for slow', () => {
  const clock = new QueueClock();
  for (let run = 0; run < 10; run++) clock.ran(run * 10, run * 10 + 2);
  clock.ran(100, 1_100);
  expect(clock.waitMs(1)).toBeLessThan(4);
});

describe('priority', () => {
  it('runs more urgent calls first, and equals in the order they came', async () => {
    const { batcher, model, submit } = setup({ maxRows: 1 });
    const jobs = [submit([1]), submit([2], { priority: 9 }), submit([3], { priority: 1 }), submit([4])];
    batcher.attach(model);
    await Promise.all(jobs.map((job) => job.answer));
    expect(model.runs.map((run) => (run.data as Float32Array)[0])).toEqual([3, 1, 4, 2]);
  });
});

describe('a batch delay', () => {
  it('lets a run wait for company until the delay is over', async () => {
    const { batcher, model, submit } = setup({ batchDelayUs: 5_000 });
    batcher.attach(model);
    const first = submit([1]);
    await turn();
    await turn();
    expect(model.sizes()).toEqual([]);
    const second = submit([2]);
    await Promise.all([first.answer, second.answer]);
    expect(model.sizes()).toEqual([2]);
  });

  it('does not hold up a full run', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    try {
      const { batcher, model, submit } = setup({ batchDelayUs: 60_000_000, maxRows: 2 });
      batcher.attach(model);
      const jobs = [submit([1]), submit([2])];
      await Promise.all(jobs.map((job) => job.answer));
      expect(model.sizes()).toEqual([2]);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('its observer', () => {
  it('hears of every run, success and failure', async () => {
    const { batcher, model, submit, observer } = setup({ maxQueuedJobs: 3 });
    const jobs = [submit([1]), submit([13]), submit([2, 3]), submit([4])];
    batcher.attach(model);
    await Promise.all(jobs.map((job) => job.answer));
    await turn();
    expect(observer).toMatchObject({ runs: [1, 2], successes: 2, failures: 2 });
  });
});

describe('loading and unloading', () => {
  it('keeps calls until a model is attached', async () => {
    const { model, batcher, submit } = setup();
    const job = submit([1]);
    await turn();
    batcher.attach(model);
    expect(await job.answer).toEqual([2]);
  });

  it('answers calls whose deadline passes while the model loads', async () => {
    const { submit } = setup();
    expect(await submit([1], { timeoutMs: 10 }).answer).toMatchObject({
      code: 'inference.deadline_exceeded',
    });
  });

  it('fails waiting and coming calls with the reason once detached, and serves again after the next attach', async () => {
    const { model, batcher, submit } = setup();
    const reason = new DomainError('unavailable', 'test.reason', 'Because.');
    const waiting = submit([1]);
    batcher.detach(reason);
    expect(await waiting.answer).toBe(reason);
    expect(await submit([2]).answer).toBe(reason);
    batcher.attach(model);
    expect(await submit([3]).answer).toEqual([6]);
  });
});
