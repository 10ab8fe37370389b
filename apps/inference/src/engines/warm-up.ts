import { DomainError } from '@aimass/platform-errors';
import { DATATYPES } from '../tensors/datatype.js';
import { isBatchable } from '../tensors/signature.js';
import type { Signature, TensorSpec } from '../tensors/signature.js';
import { elementCount } from '../tensors/tensor.js';
import type { Tensor } from '../tensors/tensor.js';
import type { LoadedModel } from './engine.js';
import { modelUnusable } from './engines.errors.js';

/** What to warm a model up with. */
export interface WarmUpPlan {
  readonly signature: Signature;
  /** Inputs of runs in the order of the signature; empty: zeros of the signature's shapes. */
  readonly samples: readonly (readonly Tensor[])[];
  /** Rows of a full batch. */
  readonly maxRows: number;
}

/** What came of it. */
export interface WarmUpResult {
  /** How long a run takes, in milliseconds: of the first inputs, once everything is in place; 0 when they are refused. */
  readonly runMs: number;
  /** Why the model does not compute the inputs that were made up for it; undefined when it does. */
  readonly refusal?: string;
}

/** The machine may be busy with something else during one of them. */
const TIMED_RUNS = 2;

/**
 * Has a model compute before anybody calls it: the samples, or one row and a full batch of zeros. What comes out must have
 * the signature's shapes. Zeros are made up, and a model may rightly refuse them (an encoder that knows no empty text):
 * that is told and nothing more. Throws `precondition_failed` when a sample fails, or outputs have other shapes.
 */
export async function warmUp(model: LoadedModel, plan: WarmUpPlan): Promise<WarmUpResult> {
  const hasSamples = plan.samples.length > 0;
  try {
    return { runMs: await runAll(model, hasSamples ? plan.samples : zeroRuns(plan), plan.signature) };
  } catch (error) {
    if (!(error instanceof RunFailed)) throw error;
    if (hasSamples) throw modelUnusable(`The model does not run: ${error.message}`, error.cause);
    return { runMs: 0, refusal: error.message };
  }
}

/** A run that ended with an error of the engine, which is the cause. */
class RunFailed extends Error {}

/** Runs each of them once, and then the first against the clock. */
async function runAll(
  model: LoadedModel,
  runs: readonly (readonly Tensor[])[],
  signature: Signature,
): Promise<number> {
  for (const inputs of runs) await runOnce(model, inputs, signature);
  let leastMs = Infinity;
  for (let i = 0; i < TIMED_RUNS; i++) {
    const startedAt = performance.now();
    await runOnce(model, runs[0] ?? [], signature);
    leastMs = Math.min(leastMs, performance.now() - startedAt);
  }
  return leastMs;
}

/** Elements of one zero input at most: a full batch of a very large input would only take time. */
const MAX_ELEMENTS = 4_000_000;

function zeroRuns({ signature, maxRows }: WarmUpPlan): Tensor[][] {
  const widest = Math.max(1, ...signature.inputs.map((spec) => zeros(spec, 1).data.length));
  const fullRows = isBatchable(signature) ? Math.min(maxRows, Math.floor(MAX_ELEMENTS / widest)) : 1;
  const sizes = fullRows > 1 ? [1, fullRows] : [1];
  return sizes.map((rows) => signature.inputs.map((spec) => zeros(spec, rows)));
}

async function runOnce(model: LoadedModel, inputs: readonly Tensor[], signature: Signature): Promise<void> {
  const outputs = await model.run(inputs).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    const isShort = !(error instanceof DomainError) && /bad_alloc|allocat/i.test(reason);
    throw isShort ? error : new RunFailed(reason, { cause: error });
  });
  for (const [index, spec] of signature.outputs.entries()) requireShape(spec, outputs[index]);
}

function requireShape(spec: TensorSpec, output: Tensor | undefined): void {
  const shape = output?.shape ?? [];
  const fits =
    shape.length === spec.shape.length && spec.shape.every((size, i) => size === -1 || size === shape[i]);
  if (fits) return;
  throw modelUnusable(
    `Output "${spec.name}" came out as [${shape.join(',')}], the signature says [${spec.shape.join(',')}].`,
  );
}

/** The first variable dimension of a batch is its rows; other variable dimensions are 1. */
function zeros({ datatype, shape: declared }: TensorSpec, rows: number): Tensor {
  const shape = declared.map((size, index) => (size !== -1 ? size : index === 0 ? rows : 1));
  const data = DATATYPES[datatype].allocate(elementCount(shape));
  return { datatype, shape, data: Array.isArray(data) ? data.fill('') : data };
}
