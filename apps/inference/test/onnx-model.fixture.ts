import { buildOnnxModel } from '@aimass/platform-model-files';
import type { OnnxModel } from '@aimass/platform-model-files';
import type { ModelFiles } from '../src/engines/engine.js';
import type { Datatype } from '../src/tensors/datatype.js';
import type { Signature } from '../src/tensors/signature.js';

/** y = slope · x + intercept over one feature. */
export const ONNX_LINE_SIGNATURE: Signature = {
  inputs: [{ name: 'features', datatype: 'FP32', shape: [-1, 1] }],
  outputs: [{ name: 'prediction', datatype: 'FP32', shape: [-1, 1] }],
};

/** The files of a version that is this graph. */
export function onnxFiles(model: OnnxModel): ModelFiles {
  return new Map([['model.onnx', Buffer.from(buildOnnxModel(model))]]);
}

export function onnxLineFiles(slope: number, intercept: number): ModelFiles {
  return onnxFiles({
    inputs: ONNX_LINE_SIGNATURE.inputs,
    outputs: ONNX_LINE_SIGNATURE.outputs,
    nodes: [
      { op: 'Mul', inputs: ['features', 'slope'], outputs: ['product'] },
      { op: 'Add', inputs: ['product', 'intercept'], outputs: ['prediction'] },
    ],
    initializers: [
      { name: 'slope', datatype: 'FP32', shape: [1], data: [slope] },
      { name: 'intercept', datatype: 'FP32', shape: [1], data: [intercept] },
    ],
  });
}

/** A graph that gives back what it is given. BF16 is served over FP32, since ONNX Runtime's binding has none. */
export function onnxIdentity(datatype: Datatype): { files: ModelFiles; signature: Signature } {
  const shape = [-1, 3];
  const inside = datatype === 'BF16' ? 'FP32' : datatype;
  return {
    files: onnxFiles({
      inputs: [{ name: 'x', datatype: inside, shape }],
      outputs: [{ name: 'y', datatype: inside, shape }],
      nodes: [{ op: 'Identity', inputs: ['x'], outputs: ['y'] }],
    }),
    signature: { inputs: [{ name: 'x', datatype, shape }], outputs: [{ name: 'y', datatype, shape }] },
  };
}
