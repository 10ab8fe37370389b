import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine, LoadedModel, ModelFiles } from '../src/engines/engine.js';
import type { Datatype, TensorArray } from '../src/tensors/datatype.js';
import type { Signature } from '../src/tensors/signature.js';
import type { Tensor } from '../src/tensors/tensor.js';

/** A model and what it takes and gives. */
export interface ModelFixture {
  readonly files: ModelFiles;
  readonly signature: Signature;
}

/** What a format of an engine needs to be put to the test. */
export interface EngineUnderTest {
  readonly engine: () => Promise<Engine>;
  readonly format: string;
  /** y = slope · x + intercept, FP32, one feature in rows. */
  readonly line: (slope: number, intercept: number) => Promise<ModelFixture>;
  /** Gives back its input `[-1, 3]`; null for a datatype of the engine that this format has no way to say. */
  readonly identity: (datatype: Datatype) => Promise<ModelFixture | null>;
  /** A model of one input that fails on some inputs while it runs: one of those, and one of the others. */
  readonly failing: () => Promise<ModelFixture & { readonly bad: Tensor; readonly good: Tensor }>;
  /** A model, what is held now (tensors or bytes), and how much more may be held after 20 loads of it. */
  readonly memory: {
    readonly model: () => Promise<ModelFixture>;
    readonly held: () => Promise<number>;
    readonly slack: number;
  };
}

/** What every engine guarantees, whatever computes. */
export function describeEngine(name: string, subject: EngineUnderTest): void {
  const { line, identity, failing, memory, format } = subject;
  describe(`the ${name} engine`, () => {
    let engine: Engine;
    const models: LoadedModel[] = [];
    const loadFixture = async ({ files, signature }: ModelFixture): Promise<LoadedModel> => {
      const model = await engine.load(files, signature, format);
      models.push(model);
      return model;
    };
    const load = async (slope: number, intercept: number): Promise<LoadedModel> => {
      return loadFixture(await line(slope, intercept));
    };
    const rows = (...values: number[]): Tensor => {
      return { datatype: 'FP32', shape: [values.length, 1], data: Float32Array.from(values) };
    };
    const compute = async (model: LoadedModel, ...values: number[]): Promise<number[]> => {
      const [output] = await model.run([rows(...values)]);
      return [...(output?.data as Float32Array)];
    };

    beforeAll(async () => {
      engine = await subject.engine();
    });
    afterAll(() => models.forEach((model) => model.dispose()));

    it('says that it reads the format', () => {
      expect(engine.formats).toContain(format);
    });

    it('computes every row of a batch', async () => {
      const [output] = await (await load(2, 1)).run([rows(0, 1, 2)]);
      expect(output).toMatchObject({ datatype: 'FP32', shape: [3, 1] });
      expect([...(output?.data as Float32Array)]).toEqual([1, 3, 5]);
    });

    it('gives a row the same result alone and in a batch', async () => {
      const model = await load(10.7296, 33.4744);
      const [alone] = await compute(model, 3.6);
      const [, together] = await compute(model, 1, 3.6, 4);
      expect(alone).toBe(together);
    });

    it('leaves its inputs as they were', async () => {
      const input = rows(1, 2, 3);
      await (await load(2, 1)).run([input]);
      expect([...(input.data as Float32Array)]).toEqual([1, 2, 3]);
    });

    it('keeps versions apart that have the same names inside', async () => {
      const [first, second] = [await load(1, 0), await load(5, 0)];
      const results = [await compute(first, 2), await compute(second, 2), await compute(first, 2)];
      expect(results).toEqual([[2], [10], [2]]);
    });

    it('loads versions at the same time, and runs them at the same time', async () => {
      const slopes = [1, 2, 3, 4, 5, 6, 7, 8];
      const loaded = await Promise.all(slopes.map((slope) => load(slope, 0)));
      const results = await Promise.all(loaded.map((model) => compute(model, 10)));
      expect(results).toEqual(slopes.map((slope) => [slope * 10]));
    });

    it('serves one version after another was disposed', async () => {
      const kept = await load(3, 0);
      const { files, signature } = await line(4, 0);
      (await engine.load(files, signature, format)).dispose();
      expect(await compute(kept, 2)).toEqual([6]);
    });

    it('gives back every datatype that it claims without changing a value', async () => {
      for (const datatype of engine.datatypes) {
        const fixture = await identity(datatype);
        if (fixture === null) continue;
        const model = await loadFixture(fixture);
        const data = EXTREMES[datatype];
        const [output] = await model.run([{ datatype, shape: [1, 3], data }]);
        expect(output, datatype).toMatchObject({ datatype, shape: [1, 3] });
        expect(comparable(output?.data), datatype).toEqual(comparable(data));
      }
    });

    it('stays usable when a run fails', async () => {
      const fixture = await failing();
      const model = await loadFixture(fixture);
      await expect(model.run([fixture.bad])).rejects.toThrow();
      const [output] = await model.run([fixture.good]);
      expect(output?.data.length).toBeGreaterThan(0);
    });

    it('gives the memory of disposed versions back', async () => {
      const { files, signature } = await memory.model();
      const cycle = async (): Promise<void> => (await engine.load(files, signature, format)).dispose();
      for (let i = 0; i < 3; i++) await cycle();
      const before = await memory.held();
      for (let i = 0; i < 20; i++) await cycle();
      expect(await memory.held()).toBeLessThanOrEqual(before + memory.slack);
    });

    it('refuses files that are not a model', async () => {
      const { files, signature } = await line(1, 1);
      const junk = new Map([...files.keys()].map((path) => [path, Buffer.from('not a model')]));
      await expect(engine.load(junk, signature, format)).rejects.toMatchObject({
        kind: 'precondition_failed',
      });
    });

    it('refuses a version without files', async () => {
      const { signature } = await line(1, 1);
      await expect(engine.load(new Map(), signature, format)).rejects.toMatchObject({
        kind: 'precondition_failed',
      });
    });

    it('refuses a model that was cut', async () => {
      const { files, signature } = await line(1, 1);
      const cut = new Map([...files].map(([path, content]) => [path, content.subarray(0, -7)]));
      await expect(engine.load(cut, signature, format)).rejects.toMatchObject({
        kind: 'precondition_failed',
      });
    });

    it('refuses a signature with another shape than the model has', async () => {
      const { files, signature } = await line(1, 1);
      const wider = { ...signature, inputs: signature.inputs.map((spec) => ({ ...spec, shape: [-1, 7] })) };
      await expect(engine.load(files, wider, format)).rejects.toThrow(/shape \[-1,7\], the model says/);
    });

    it('refuses a signature with another number of inputs than the model has', async () => {
      const { files, signature } = await line(1, 1);
      const more = { ...signature, inputs: [...signature.inputs, ...signature.inputs] };
      await expect(engine.load(files, more, format)).rejects.toThrow(/has 2 inputs, the model has 1/);
    });
  });
}

/** Text may come back as text or as its bytes. */
function comparable(data: TensorArray | undefined): TensorArray | undefined {
  if (!Array.isArray(data)) return data;
  return data.map((element) => Buffer.from(element as string).toString('utf8'));
}

/** Three values of each datatype: the ends of its range, and what is easily lost. */
const EXTREMES: Record<Datatype, TensorArray> = {
  BOOL: Uint8Array.of(1, 0, 1),
  UINT8: Uint8Array.of(0, 1, 255),
  UINT16: Uint16Array.of(0, 1, 65_535),
  UINT32: Uint32Array.of(0, 16_777_217, 4_294_967_295),
  UINT64: BigUint64Array.of(0n, 9_007_199_254_740_993n, 18_446_744_073_709_551_615n),
  INT8: Int8Array.of(-128, 0, 127),
  INT16: Int16Array.of(-32_768, 0, 32_767),
  INT32: Int32Array.of(-2_147_483_648, 16_777_217, 2_147_483_647),
  INT64: BigInt64Array.of(-9_223_372_036_854_775_808n, 9_007_199_254_740_993n, 9_223_372_036_854_775_807n),
  FP16: Uint16Array.of(0x0001, 0xbc00, 0x7bff),
  BF16: Uint16Array.of(0x0080, 0xbf80, 0x7f7f),
  FP32: Float32Array.of(1.401298464324817e-45, -0.1, 3.4028234663852886e38),
  FP64: Float64Array.of(5e-324, -0.1, 1.7976931348623157e308),
  BYTES: ['', 'Grüße, 世界 🌍', 'line\nbreak'],
};
