import { join } from 'node:path';
import { saveLayersModel, type Tensorflow } from '@aimass/platform-tensorflow';
import type { Contract } from '../contract.js';
import { TrainingFailure } from '../training-failure.js';
import type { Coefficients } from './sample.js';

/** What the model takes and gives, and the column order of its input. */
export interface Signature {
  format: 'tfjs-layers';
  engine: 'tensorflow';
  inputs: { name: string; datatype: string; shape: number[] }[];
  outputs: { name: string; datatype: string; shape: number[] }[];
  features: string[];
  target: string;
}

export interface NamedModel {
  coefficients: Coefficients;
  features: string[];
  target: string;
}

/**
 * Writes `model.json`, `weights.bin` and `signature.json`: one dense unit that takes raw units.
 * Throws TrainingFailure, and writes nothing, when a weight is not a finite float32.
 */
export async function writeModel(tf: Tensorflow, contract: Contract, model: NamedModel): Promise<void> {
  const { intercept, weights } = roundToFloat32(model.coefficients);
  if (![intercept, ...weights].every(Number.isFinite)) {
    throw new TrainingFailure(
      'The trained weights do not fit 32-bit floating point numbers. Rescale the columns (for example to thousands).',
    );
  }
  const width = weights.length;
  const input = tf.input({ shape: [width], name: 'features' });
  const dense = tf.layers.dense({ units: 1, name: 'prediction' });
  const layers = tf.model({ inputs: input, outputs: dense.apply(input) as ReturnType<typeof tf.input> });
  dense.setWeights([tf.tensor2d(weights, [width, 1]), tf.tensor1d([intercept])]);
  await saveLayersModel(layers, contract.modelFolder);
  await contract.writeWhole(
    join(contract.modelFolder, 'signature.json'),
    `${JSON.stringify(signatureOf(model), null, 2)}\n`,
  );
}

/** The coefficients as the saved model holds them. */
export function roundToFloat32({ intercept, weights }: Coefficients): Coefficients {
  return { intercept: Math.fround(intercept), weights: weights.map(Math.fround) };
}

function signatureOf({ features, target }: NamedModel): Signature {
  return {
    format: 'tfjs-layers',
    engine: 'tensorflow',
    inputs: [{ name: 'features', datatype: 'FP32', shape: [-1, features.length] }],
    outputs: [{ name: 'prediction', datatype: 'FP32', shape: [-1, 1] }],
    features,
    target,
  };
}
