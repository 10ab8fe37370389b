import type { Tensorflow } from '@aimass/platform-tensorflow';
import type { BytesElement, Datatype, TensorArray } from '../../tensors/datatype.js';
import { DATATYPES } from '../../tensors/datatype.js';
import type { Tensor } from '../../tensors/tensor.js';
import { narrowToBrain, narrowToHalf, widenBrain, widenHalf } from '../../tensors/half-floats.js';

export type TfTensor = ReturnType<Tensorflow['tensor']>;
/** Types that TF.js computes in. */
export type TfDtype = 'float32' | 'int32' | 'bool' | 'string';

/** The type that a datatype is computed in where the graph does not say. */
export function dtypeOf(datatype: Datatype): TfDtype | undefined {
  return DTYPES[datatype];
}

const DTYPES: Partial<Record<Datatype, TfDtype>> = {
  FP32: 'float32',
  FP16: 'float32',
  BF16: 'float32',
  INT8: 'int32',
  INT16: 'int32',
  INT32: 'int32',
  UINT8: 'int32',
  UINT16: 'int32',
  BOOL: 'bool',
  BYTES: 'string',
};

/** Integers that float32 holds exactly. */
const SMALL_INTEGERS: ReadonlySet<Datatype> = new Set(['INT8', 'INT16', 'UINT8', 'UINT16']);

/** Whether a graph's input of type `dtype` can be given this datatype, or its output be told in it, without loss. */
export function canServe(role: 'input' | 'output', datatype: Datatype, dtype: TfDtype): boolean {
  if (DTYPES[datatype] === dtype) return true;
  return role === 'input' && dtype === 'float32' && SMALL_INTEGERS.has(datatype);
}

/** A tensor of TF.js. It may keep the given array; the caller disposes it. */
export function toTfTensor(tf: Tensorflow, { data, shape, datatype }: Tensor, dtype: TfDtype): TfTensor {
  return tf.tensor(valuesFor(data, datatype, dtype) as Float32Array, shape as number[], dtype);
}

function valuesFor(data: TensorArray, datatype: Datatype, dtype: TfDtype): TensorArray {
  if (dtype === 'string') return toBytes(data as BytesElement[]);
  if (dtype === 'int32') return data instanceof Int32Array ? data : Int32Array.from(data as Uint8Array);
  if (datatype === 'FP16') return widenHalf(data as Uint16Array);
  if (datatype === 'BF16') return widenBrain(data as Uint16Array);
  if (dtype === 'float32' && !(data instanceof Float32Array)) return Float32Array.from(data as Uint8Array);
  return data;
}

const encoder = new TextEncoder();

/** Text tensors hold bytes, and these need not be text. */
function toBytes(elements: readonly BytesElement[]): Uint8Array[] {
  return elements.map((element) => (typeof element === 'string' ? encoder.encode(element) : element));
}

/** A result as the signature says it. Throws when a value does not fit its datatype. */
export function fromTfTensor(tf: Tensorflow, result: TfTensor, datatype: Datatype): Tensor {
  // As text it would be changed where it is none.
  if (datatype === 'BYTES') {
    return { datatype, shape: result.shape, data: tf.engine().readSync(result.dataId) };
  }
  return { datatype, shape: result.shape, data: resultData(result, datatype) };
}

function resultData(result: TfTensor, datatype: Datatype): TensorArray {
  const data = result.dataSync() as TensorArray;
  if (datatype === 'FP16') return narrowToHalf(data as Float32Array);
  if (datatype === 'BF16') return narrowToBrain(data as Float32Array);
  if (datatype === 'FP32' || datatype === 'INT32' || datatype === 'BOOL' || datatype === 'INT64') return data;
  return narrowIntegers(data as Int32Array, datatype);
}

function narrowIntegers(data: Int32Array, datatype: Datatype): TensorArray {
  const { min, max, allocate } = DATATYPES[datatype];
  const narrow = allocate(data.length) as Int8Array;
  for (let i = 0; i < data.length; i++) {
    const value = data[i] ?? 0;
    if (value < min || value > max) {
      throw new Error(`The model gave ${value}, which ${datatype} cannot hold`);
    }
    narrow[i] = value;
  }
  return narrow;
}
