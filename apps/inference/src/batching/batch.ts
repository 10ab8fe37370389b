import type { DomainError } from '@aimass/platform-errors';
import { DATATYPES } from '../tensors/datatype.js';
import type { Datatype, TensorArray } from '../tensors/datatype.js';
import type { TensorSpec } from '../tensors/signature.js';
import { elementCount } from '../tensors/tensor.js';
import type { InputTensor, InputValues, Tensor } from '../tensors/tensor.js';

/** Where a call's time went, in microseconds. */
export interface BatchTiming {
  readonly queueUs: number;
  readonly computeUs: number;
}

/** One validated call on its way through a batcher. */
export interface BatchJob {
  /** In the order of the signature. */
  readonly inputs: readonly InputTensor[];
  /** Rows it holds. */
  readonly rows: number;
  /** When it arrived and when its caller stops waiting, in milliseconds of the batcher's clock. */
  readonly arrivedAt: number;
  readonly deadlineAt: number;
  /** Which waiting jobs run first: 1 before 2 and so on; 0 means the version's own priority. */
  readonly priority: number;
  /** Nobody waits any more: it is neither run nor answered. */
  readonly isCancelled: boolean;
  /** Hears the results of the run it was part of; its own rows start at `firstRow`. */
  succeed(outputs: readonly Tensor[], firstRow: number, timing: BatchTiming): void;
  fail(error: DomainError, timing: BatchTiming): void;
}

/**
 * The inputs of all jobs as one tensor each, joined along the first dimension. A lone job's typed array is passed on as it
 * is: engines do not write to their inputs.
 */
export function joinInputs(jobs: readonly BatchJob[], rows: number, specs: readonly TensorSpec[]): Tensor[] {
  return specs.map(({ datatype }, index) => {
    const [only] = jobs;
    if (jobs.length !== 1 || only === undefined) return joinOne(jobs, index, datatype, rows);
    const { shape, values } = only.inputs[index] ?? NOTHING;
    if (ArrayBuffer.isView(values)) return { datatype, shape, data: values };
    const data = DATATYPES[datatype].allocate(values.length);
    copyInto(data, 0, values);
    return { datatype, shape, data };
  });
}

const NOTHING: InputTensor = { shape: [], values: [] };

/** One input of several jobs; all but the first dimension are those of the first job. */
function joinOne(jobs: readonly BatchJob[], index: number, datatype: Datatype, rows: number): Tensor {
  const inputs = jobs.map((job) => job.inputs[index] ?? NOTHING);
  const shape = [rows, ...(inputs[0]?.shape.slice(1) ?? [])];
  const data = DATATYPES[datatype].allocate(elementCount(shape));
  let offset = 0;
  for (const { values } of inputs) offset += copyInto(data, offset, values);
  return { datatype, shape, data };
}

/** Jobs share a run only when all but their first dimensions are equal; equal keys say so. */
export function tailKey(job: BatchJob): string {
  return job.inputs.map((input) => input.shape.slice(1).join(',')).join(';');
}

/** The values were validated against the target's datatype; booleans become 0 and 1. */
function copyInto(target: TensorArray, offset: number, values: InputValues): number {
  if (ArrayBuffer.isView(values)) {
    (target as Uint8Array).set(values as Uint8Array, offset);
    return values.length;
  }
  const isBigInt = target instanceof BigInt64Array || target instanceof BigUint64Array;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (isBigInt) target[offset + i] = BigInt(value as number | bigint);
    else (target as (InputValues[number] | undefined)[])[offset + i] = value;
  }
  return values.length;
}
