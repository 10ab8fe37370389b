import { oip } from '@aimass/contracts';
import type { ModelDescription, TensorDescription } from './descriptions.js';

/** A tensor in Triton's model configuration. */
export interface ConfigTensor {
  readonly name: string;
  readonly dataType: oip.DataType;
  readonly dims: readonly number[];
}

/** What Triton's model configuration says of batching and tensors. */
export interface BatchingConfig {
  readonly batching: { readonly maxBatchSize: number; readonly batchDelayUs: number };
  readonly inputs: readonly ConfigTensor[];
  readonly outputs: readonly ConfigTensor[];
}

/**
 * Requests share a run only when the first dimension of every input and output varies; it is the row then, and Triton's
 * configuration leaves it out of the dims. Otherwise the largest batch is 0 and the dims are whole.
 */
export function batchingOf({ inputs, outputs, config }: ModelDescription): BatchingConfig {
  const isBatched = config.maxBatchSize > 0 && [...inputs, ...outputs].every(({ shape }) => shape[0] === -1);
  const tensorOf = ({ name, datatype, shape }: TensorDescription): ConfigTensor => ({
    name,
    dataType: dataTypeOf(datatype),
    dims: isBatched ? shape.slice(1) : shape,
  });
  return {
    batching: isBatched
      ? { maxBatchSize: config.maxBatchSize, batchDelayUs: config.batchDelayUs }
      : { maxBatchSize: 0, batchDelayUs: 0 },
    inputs: inputs.map(tensorOf),
    outputs: outputs.map(tensorOf),
  };
}

const DATA_TYPES: ReadonlyMap<string, oip.DataType> = new Map(Object.entries(oip.DataType));

/** `FP32` → `TYPE_FP32`; the protocol's BYTES is Triton's TYPE_STRING. */
function dataTypeOf(datatype: string): oip.DataType {
  const name = datatype === 'BYTES' ? 'TYPE_STRING' : `TYPE_${datatype}`;
  return DATA_TYPES.get(name) ?? oip.DataType.TYPE_INVALID;
}
