import type { ModelFiles } from '../src/engines/engine.js';
import { ONNX_LINE_SIGNATURE, onnxFiles } from './onnx-model.fixture.js';

/**
 * An ONNX model with `size`² weights (4 bytes each) that gives `factor · x`, and takes its time: every row costs
 * `2 · layers · size²` operations. Its weights lie in the file once, however many layers use them.
 */
export function heavyModelFiles(factor: number, { size = 512, layers = 1 } = {}): ModelFiles {
  const identity = new Float32Array(size * size);
  for (let i = 0; i < size; i++) identity[i * size + i] = 1;
  const spread = new Float32Array(size);
  spread[0] = factor;
  const gather = new Float32Array(size).fill(1);
  const middle = Array.from({ length: layers }, (_, layer) => {
    return { op: 'MatMul', inputs: [`h${layer}`, 'identity'], outputs: [`h${layer + 1}`] };
  });
  return onnxFiles({
    inputs: ONNX_LINE_SIGNATURE.inputs,
    outputs: ONNX_LINE_SIGNATURE.outputs,
    nodes: [
      { op: 'MatMul', inputs: ['features', 'spread'], outputs: ['h0'] },
      ...middle,
      { op: 'MatMul', inputs: [`h${layers}`, 'gather'], outputs: ['prediction'] },
    ],
    initializers: [
      { name: 'spread', datatype: 'FP32', shape: [1, size], data: [...spread] },
      { name: 'identity', datatype: 'FP32', shape: [size, size], data: new Uint8Array(identity.buffer) },
      { name: 'gather', datatype: 'FP32', shape: [size, 1], data: [...gather] },
    ],
  });
}
