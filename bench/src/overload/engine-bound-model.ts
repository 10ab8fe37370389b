import { buildOnnxModel, type OnnxNode } from '@aimass/platform-model-files';
import { gridNumbers } from '../inference/works.js';

/** Side of the matrices. */
const SIDE = 256;
/** Each multiplication takes about a millisecond of one core. */
const STEPS = 4;

/** What the model is asked. */
export const ENGINE_BOUND_ROW = { name: 'x', datatype: 'FP32', shape: [1, SIDE], data: gridNumbers(SIDE, 3) };

/**
 * A model that costs milliseconds for 1 KB of input, so that nothing but the engine is the limit. Its one row is fixed:
 * calls cannot be put into one batch. x FP32 [1, 256] → y FP32 [1, 1].
 */
export function makeEngineBoundModel(): Uint8Array {
  return buildOnnxModel({
    inputs: [{ name: 'x', datatype: 'FP32', shape: [1, SIDE] }],
    outputs: [{ name: 'y', datatype: 'FP32', shape: [1, 1] }],
    nodes: [
      { op: 'Transpose', inputs: ['x'], outputs: ['column'] },
      { op: 'MatMul', inputs: ['column', 'x'], outputs: ['m0'] },
      ...Array.from({ length: STEPS }, (_, step) => multiply(step)).flat(),
      { op: 'ReduceMean', inputs: [`m${STEPS}`], outputs: ['y'] },
    ],
    initializers: [
      {
        name: 'w',
        datatype: 'FP32',
        shape: [SIDE, SIDE],
        // Scaled so that the values neither vanish nor saturate.
        data: gridNumbers(SIDE * SIDE, 5).map((value) => (value * 2) / Math.sqrt(SIDE)),
      },
    ],
  });
}

function multiply(step: number): OnnxNode[] {
  return [
    { op: 'MatMul', inputs: [`m${step}`, 'w'], outputs: [`p${step}`] },
    { op: 'Tanh', inputs: [`p${step}`], outputs: [`m${step + 1}`] },
  ];
}
