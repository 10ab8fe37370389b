import type { OnnxModel } from '@aimass/platform-model-files';
import type { ModelFiles } from '../src/engines/engine.js';
import type { Signature } from '../src/tensors/signature.js';
import { ONNX_LINE_SIGNATURE, onnxFiles } from './onnx-model.fixture.js';

/** Repeats as often as its input says: nothing in the files tells how long that is. */
export function loopModel(count = 1e15): { files: ModelFiles; signature: Signature } {
  const signature = ONNX_LINE_SIGNATURE;
  const body: OnnxModel = {
    inputs: [
      { name: 'i', datatype: 'INT64', shape: [] },
      { name: 'going', datatype: 'BOOL', shape: [] },
      { name: 'value', datatype: 'FP32', shape: [-1, 1] },
    ],
    outputs: [
      { name: 'stillGoing', datatype: 'BOOL', shape: [] },
      { name: 'next', datatype: 'FP32', shape: [-1, 1] },
    ],
    nodes: [
      { op: 'Identity', inputs: ['going'], outputs: ['stillGoing'] },
      { op: 'Cos', inputs: ['value'], outputs: ['next'] },
    ],
  };
  const files = onnxFiles({
    ...signature,
    // The count comes from the input: `count` for zeros.
    nodes: [
      { op: 'ReduceMin', inputs: ['features'], outputs: ['least'], attributes: { keepdims: { int: 0 } } },
      { op: 'Add', inputs: ['least', 'many'], outputs: ['count'] },
      { op: 'Cast', inputs: ['count'], outputs: ['trips'], attributes: { to: { int: 7 } } },
      {
        op: 'Loop',
        inputs: ['trips', 'yes', 'features'],
        outputs: ['prediction'],
        attributes: { body: { graph: body } },
      },
    ],
    initializers: [
      { name: 'many', datatype: 'FP32', shape: [], data: [count] },
      { name: 'yes', datatype: 'BOOL', shape: [], data: [1] },
    ],
  });
  return { files, signature };
}

/** Makes a square of as many rows as its input has times a factor that is computed, so that it cannot be read. */
export function bombModel(side: number): { files: ModelFiles; signature: Signature } {
  const signature = ONNX_LINE_SIGNATURE;
  const files = onnxFiles({
    ...signature,
    nodes: [
      { op: 'ReduceMin', inputs: ['features'], outputs: ['least'], attributes: { keepdims: { int: 0 } } },
      { op: 'Add', inputs: ['least', 'side'], outputs: ['sides'] },
      { op: 'Cast', inputs: ['sides'], outputs: ['shape'], attributes: { to: { int: 7 } } },
      { op: 'ConstantOfShape', inputs: ['shape'], outputs: ['square'] },
      { op: 'ReduceMax', inputs: ['square'], outputs: ['most'], attributes: { keepdims: { int: 0 } } },
      { op: 'Add', inputs: ['features', 'most'], outputs: ['prediction'] },
    ],
    initializers: [{ name: 'side', datatype: 'FP32', shape: [2], data: [side, side] }],
  });
  return { files, signature };
}
