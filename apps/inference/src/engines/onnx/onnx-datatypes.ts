import { Tensor as OrtTensor } from 'onnxruntime-node';
import type { BytesElement, Datatype, TensorArray } from '../../tensors/datatype.js';
import type { Tensor } from '../../tensors/tensor.js';
import { textRefused } from '../engines.errors.js';
import { narrowToBrain, narrowToHalf, widenBrain, widenHalf } from '../../tensors/half-floats.js';

/** Element types of ONNX Runtime's Node binding that tensors of the protocol can have. */
export type OrtType = keyof typeof DATATYPE_OF;

/** The protocol's word for each element type. The binding has no bfloat16. */
export const DATATYPE_OF = {
  float32: 'FP32',
  float64: 'FP64',
  float16: 'FP16',
  int8: 'INT8',
  int16: 'INT16',
  int32: 'INT32',
  int64: 'INT64',
  uint8: 'UINT8',
  uint16: 'UINT16',
  uint32: 'UINT32',
  uint64: 'UINT64',
  bool: 'BOOL',
  string: 'BYTES',
} as const satisfies Record<string, Datatype>;

/** Whether the binding carries elements of this type and the protocol has a word for them. */
export function isOrtType(type: string): type is OrtType {
  return Object.hasOwn(DATATYPE_OF, type);
}

/**
 * Whether a signature may say `datatype` of a graph's tensor of `type`. Besides the graph's own type, half and bfloat16
 * values may go in and out of a float32 graph: widening is exact, and answers are rounded to nearest even.
 */
export function canServe(datatype: Datatype, type: OrtType): boolean {
  if (DATATYPE_OF[type] === datatype) return true;
  return type === 'float32' && (datatype === 'FP16' || datatype === 'BF16');
}

/** A tensor as ONNX Runtime takes it; numbers are not copied unless they are widened. */
export function toOrtTensor({ datatype, shape, data }: Tensor, type: OrtType): OrtTensor {
  // The binding only reads dims; ours are never changed.
  const dims = shape as number[];
  if (type === 'string') return new OrtTensor('string', toTexts(data as BytesElement[]), dims);
  if (type === 'float32' && datatype === 'FP16') {
    return new OrtTensor('float32', widenHalf(data as Uint16Array), dims);
  }
  if (type === 'float32' && datatype === 'BF16') {
    return new OrtTensor('float32', widenBrain(data as Uint16Array), dims);
  }
  return new OrtTensor(type, data as OrtTensor.DataType, dims);
}

/** A result of ONNX Runtime as the signature says it. */
export function fromOrtTensor(result: OrtTensor, datatype: Datatype): Tensor {
  return { datatype, shape: result.dims, data: resultData(result, datatype) };
}

function resultData(result: OrtTensor, datatype: Datatype): TensorArray {
  const data = result.data as TensorArray;
  if (datatype === 'BF16') return narrowToBrain(data as Float32Array);
  if (datatype !== 'FP16') return data;
  if (data instanceof Float32Array) return narrowToHalf(data);
  if (data instanceof Uint16Array) return data;
  // Where JavaScript has a Float16Array (Node 24), results are one: the same bits.
  const view = data as Uint8Array;
  return new Uint16Array(view.buffer, view.byteOffset, view.length);
}

/** With the flag `u`, pairs are one character of their own. */
const LONE_SURROGATE = /\p{Surrogate}/u;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * ONNX strings as JavaScript's. The binding passes them on as C strings: one that holds a NUL would silently be cut, and
 * one that is no Unicode text would be changed.
 */
function toTexts(elements: readonly BytesElement[]): string[] {
  return elements.map((element, index) => {
    const text = typeof element === 'string' ? element : decode(element, index);
    if (text.includes('\0')) throw textRefused(index, 'holds a NUL character');
    if (LONE_SURROGATE.test(text)) throw textRefused(index, 'holds half of a surrogate pair');
    return text;
  });
}

function decode(bytes: Uint8Array, index: number): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw textRefused(index, 'is not UTF-8');
  }
}
