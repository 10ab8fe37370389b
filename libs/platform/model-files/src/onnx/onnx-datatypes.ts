/**
 * ONNX element types by their number in `TensorProto.DataType`: the Open Inference Protocol's word, and bits per value.
 * Types below `COMPLEX64` that the protocol has no word for keep their ONNX name; they may be inside a model, but not
 * be its input or output. https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */
export interface ElementType {
  readonly word: string;
  /** 0 when values have no fixed size (text). */
  readonly bits: number;
  /** Whether a request or an answer may carry it. */
  readonly served: boolean;
}

const served = (word: string, bits: number): ElementType => ({ word, bits, served: true });
const inside = (word: string, bits: number): ElementType => ({ word, bits, served: false });

export const ELEMENT_TYPES: ReadonlyMap<number, ElementType> = new Map([
  [1, served('FP32', 32)],
  [2, served('UINT8', 8)],
  [3, served('INT8', 8)],
  [4, served('UINT16', 16)],
  [5, served('INT16', 16)],
  [6, served('INT32', 32)],
  [7, served('INT64', 64)],
  [8, served('BYTES', 0)],
  [9, served('BOOL', 8)],
  [10, served('FP16', 16)],
  [11, served('FP64', 64)],
  [12, served('UINT32', 32)],
  [13, served('UINT64', 64)],
  [14, inside('COMPLEX64', 64)],
  [15, inside('COMPLEX128', 128)],
  [16, served('BF16', 16)],
  [17, inside('FLOAT8E4M3FN', 8)],
  [18, inside('FLOAT8E4M3FNUZ', 8)],
  [19, inside('FLOAT8E5M2', 8)],
  [20, inside('FLOAT8E5M2FNUZ', 8)],
  [21, inside('UINT4', 4)],
  [22, inside('INT4', 4)],
  [23, inside('FLOAT4E2M1', 4)],
  [24, inside('FLOAT8E8M0', 8)],
  [25, inside('UINT2', 2)],
  [26, inside('INT2', 2)],
]);

/** The ONNX number of an Open Inference Protocol word. Throws RangeError for an unknown word. */
export function elementTypeNumber(word: string): number {
  for (const [number, type] of ELEMENT_TYPES) if (type.word === word) return number;
  throw new RangeError(`ONNX has no element type for "${word}".`);
}
