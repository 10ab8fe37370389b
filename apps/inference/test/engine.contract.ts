import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine, LoadedModel, ModelFiles } from '../src/engines/engine.js';
import type { Signature } from '../src/tensors/signature.js';
import type { Tensor } from '../src/tensors/tensor.js';

/** What an engine needs to be put to the test: files of the model y = slope · x + intercept in one of its formats. */
export interface EngineUnderTest {
  readonly engine: () => Promise<Engine>;
  readonly line: (slope: number, intercept: number) => Promise<ModelFiles>;
  readonly signature: Signature;
}

/** What every engine guarantees, whatever computes. */
export function describeEngine(name: string, { engine: create, line, signature }: EngineUnderTest): void {
  describe(`the ${name} engine`, () => {
    let engine: Engine;
    const models: LoadedModel[] = [];
    const load = async (slope: number, intercept: number): Promise<LoadedModel> => {
      const model = await engine.load(await line(slope, intercept), signature);
      models.push(model);
      return model;
    };
    const rows = (...values: number[]): Tensor => {
      return { datatype: 'FP32', shape: [values.length, 1], data: Float32Array.from(values) };
    };

    beforeAll(async () => {
      engine = await create();
    });
    afterAll(() => models.forEach((model) => model.dispose()));

    it('computes every row of a batch', async () => {
      const [output] = await (await load(2, 1)).run([rows(0, 1, 2)]);
      expect(output).toMatchObject({ datatype: 'FP32', shape: [3, 1] });
      expect([...(output?.data as Float32Array)]).toEqual([1, 3, 5]);
    });

    it('gives a row the same result alone and in a batch', async () => {
      const model = await load(10.7296, 33.4744);
      const [alone] = await model.run([rows(3.6)]);
      const [together] = await model.run([rows(1, 3.6, 4)]);
      expect(alone?.data[0]).toBe(together?.data[1]);
    });

    it('keeps versions apart that have the same names inside', async () => {
      const [first, second] = [await load(1, 0), await load(5, 0)];
      const results = [await first.run([rows(2)]), await second.run([rows(2)]), await first.run([rows(2)])];
      expect(results.map(([output]) => output?.data[0])).toEqual([2, 10, 2]);
    });

    it('serves one version after another was disposed', async () => {
      const [kept, gone] = [await load(3, 0), await engine.load(await line(4, 0), signature)];
      gone.dispose();
      const [output] = await kept.run([rows(2)]);
      expect(output?.data[0]).toBe(6);
    });

    it('refuses files that are not a model', async () => {
      const files = new Map([...(await line(1, 1)).keys()].map((path) => [path, Buffer.from('not a model')]));
      await expect(engine.load(files, signature)).rejects.toMatchObject({ kind: 'precondition_failed' });
    });

    it('refuses a version without files', async () => {
      await expect(engine.load(new Map(), signature)).rejects.toMatchObject({ kind: 'precondition_failed' });
    });

    it('refuses a signature with another shape than the model has', async () => {
      const wider = { ...signature, inputs: signature.inputs.map((spec) => ({ ...spec, shape: [-1, 7] })) };
      await expect(engine.load(await line(1, 1), wider)).rejects.toThrow(/shape \[-1,7\], the model says/);
    });

    it('refuses a signature with another number of inputs than the model has', async () => {
      const more = { ...signature, inputs: [...signature.inputs, ...signature.inputs] };
      await expect(engine.load(await line(1, 1), more)).rejects.toThrow(/has 2 inputs, the model has 1/);
    });
  });
}
