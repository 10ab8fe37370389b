import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Work } from './works.js';

/** What onnxruntime itself says for a work's row; every target has to answer this. */
export async function computeReference({ model, inputName, row, shape }: Work): Promise<Float32Array> {
  const session = await InferenceSession.create(model, { intraOpNumThreads: 1 });
  try {
    const outputs = await session.run({ [inputName]: new Tensor('float32', row, [...shape]) });
    const [name] = session.outputNames;
    const data = name === undefined ? undefined : outputs[name]?.data;
    if (!(data instanceof Float32Array)) throw new Error('The reference answer is not FP32.');
    return data;
  } finally {
    await session.release();
  }
}

/** Sums are taken in another order by other builds of the engine: nothing larger may differ. */
const TOLERANCE = 1e-4;

/** Says how an answer differs from the reference; undefined when it does not. */
export function describeDifference(
  answer: ArrayLike<number>,
  reference: ArrayLike<number>,
): string | undefined {
  if (answer.length !== reference.length) return `${answer.length} values instead of ${reference.length}`;
  for (let index = 0; index < reference.length; index++) {
    const [got, expected] = [Number(answer[index]), Number(reference[index])];
    // Written so that NaN differs.
    if (!(Math.abs(got - expected) <= TOLERANCE * Math.max(1, Math.abs(expected)))) {
      return `value ${index} is ${got} instead of ${expected}`;
    }
  }
  return undefined;
}
