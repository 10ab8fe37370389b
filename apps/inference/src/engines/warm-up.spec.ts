import { describe, expect, it } from 'vitest';
import type { Signature } from '../tensors/signature.js';
import type { Tensor } from '../tensors/tensor.js';
import type { LoadedModel } from './engine.js';
import { warmUp } from './warm-up.js';

const signature: Signature = {
  inputs: [
    { name: 'a', datatype: 'FP32', shape: [-1, 3, -1] },
    { name: 'b', datatype: 'BYTES', shape: [-1] },
  ],
  outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 2] }],
};

/** Remembers what it is given; answers rows of `width`. */
class Recorder implements LoadedModel {
  readonly runs: (readonly Tensor[])[] = [];

  constructor(private readonly width: number) {}

  run(inputs: readonly Tensor[]): Promise<readonly Tensor[]> {
    this.runs.push(inputs);
    const rows = inputs[0]?.shape[0] ?? 1;
    const shape = [rows, this.width];
    return Promise.resolve([{ datatype: 'FP32', shape, data: new Float32Array(rows * this.width) }]);
  }

  dispose(): void {
    this.runs.length = 0;
  }
}

const refusing: LoadedModel = {
  run: () => Promise.reject(new Error('unknown category')),
  dispose: () => undefined,
};

const shapes = (model: Recorder): number[][][] =>
  model.runs.map((inputs) => inputs.map(({ shape }) => [...shape]));

describe('warming up', () => {
  it('runs one row and a full batch of zeros when there are no samples', async () => {
    const model = new Recorder(2);
    await warmUp(model, { signature, samples: [], maxRows: 8 });
    expect(shapes(model).slice(0, 2)).toEqual([
      [[1, 3, 1], [1]],
      [[8, 3, 1], [8]],
    ]);
    expect(model.runs[0]?.[1]?.data).toEqual(['']);
  });

  it('runs no batch of a model without rows', async () => {
    const model = new Recorder(2);
    const fixed = {
      inputs: [{ name: 'a', datatype: 'FP32', shape: [1, 3] }],
      outputs: signature.outputs,
    } as const;
    await warmUp(model, { signature: fixed, samples: [], maxRows: 8 });
    expect(new Set(shapes(model).map(String))).toEqual(new Set(['1,3']));
  });

  it('runs every sample instead', async () => {
    const model = new Recorder(2);
    const sample = (rows: number): Tensor[] => [
      { datatype: 'FP32', shape: [rows, 3, 5], data: new Float32Array(rows * 15) },
      { datatype: 'BYTES', shape: [rows], data: new Array<string>(rows).fill('x') },
    ];
    const { runMs } = await warmUp(model, { signature, samples: [sample(1), sample(7)], maxRows: 8 });
    expect(
      shapes(model)
        .slice(0, 2)
        .map(([first]) => first),
    ).toEqual([
      [1, 3, 5],
      [7, 3, 5],
    ]);
    expect(runMs).toBeGreaterThan(0);
  });

  it('refuses a model whose outputs have other shapes than its signature says', async () => {
    const warming = warmUp(new Recorder(9), { signature, samples: [], maxRows: 1 });
    await expect(warming).rejects.toThrow('Output "y" came out as [1,9], the signature says [-1,2]');
  });

  it('serves a model that refuses zeros, which nobody sent, and tells why it is cold', async () => {
    const warming = warmUp(refusing, { signature, samples: [], maxRows: 1 });
    await expect(warming).resolves.toEqual({ runMs: 0, refusal: 'unknown category' });
  });

  it('refuses a model that does not compute its own samples, as a reason not to try again', async () => {
    const samples = [[{ datatype: 'FP32', shape: [1, 3, 1], data: new Float32Array(3) } as const]];
    await expect(warmUp(refusing, { signature, samples, maxRows: 1 })).rejects.toMatchObject({
      kind: 'precondition_failed',
      message: 'The model does not run: unknown category',
    });
  });

  it('lets a shortage of memory be tried again', async () => {
    const short: LoadedModel = {
      run: () => Promise.reject(new Error('std::bad_alloc')),
      dispose: () => undefined,
    };
    await expect(warmUp(short, { signature, samples: [], maxRows: 1 })).rejects.toThrow(/^std::bad_alloc$/);
  });
});
