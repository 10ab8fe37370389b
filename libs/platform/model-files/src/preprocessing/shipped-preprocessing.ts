import { z } from 'zod';
import { preprocessingInvalid } from '../model-files.errors.js';
import type { TensorFacts } from '../signature.js';
import { planFeatures, rawInputs } from './feature-plan.js';
import type { FeaturePlan } from './feature-plan.js';
import { parsePreprocessing } from './preprocessing.js';

/** The file in which a trainer says what its model takes. */
export const SIGNATURE_FILE = 'signature.json';

/** A model that comes with its preprocessing: what it takes by itself, and what is asked of callers instead. */
export interface ShippedPreprocessing {
  readonly plan: FeaturePlan;
  /** The model's only input: one row of features each. */
  readonly modelInput: TensorFacts;
  /** Raw columns, as callers send them. */
  readonly rawInputs: readonly TensorFacts[];
}

const signatureSchema = z.object({
  inputs: z
    .array(
      z.object({
        name: z.string(),
        datatype: z.enum(['FP32', 'FP64']),
        shape: z.tuple([z.literal(-1), z.int().min(1)]),
      }),
    )
    .length(1),
  features: z.array(z.string().min(1)).min(1).max(100_000),
});

/**
 * Puts `preprocessing.json` before the model that `signature.json` describes: one input of FP32 or FP64 with the shape
 * [-1, n], and the n names of its `features`, in order. Throws `unprocessable` when the two do not go together.
 */
export function shipPreprocessing(preprocessing: Uint8Array, signature: Uint8Array): ShippedPreprocessing {
  const { inputs, features } = readSignature(signature);
  const [input] = inputs;
  if (input?.shape[1] !== features.length) {
    throw preprocessingInvalid(
      `${SIGNATURE_FILE} names ${features.length} features, but the model takes ${input?.shape[1] ?? 0}`,
    );
  }
  const plan = planFeatures(parsePreprocessing(preprocessing), features);
  const shape = input.shape.map(String);
  return { plan, modelInput: { ...input, shape }, rawInputs: rawInputs(plan) };
}

function readSignature(content: Uint8Array): z.infer<typeof signatureSchema> {
  const parsed = signatureSchema.safeParse(parseJson(Buffer.from(content).toString()));
  if (parsed.success) return parsed.data;
  throw preprocessingInvalid(
    `${SIGNATURE_FILE} must have one input of FP32 or FP64 with the shape [-1, n], and name its "features" in order`,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
