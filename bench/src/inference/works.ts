import { buildOnnxModel, type OnnxModel } from '@aimass/platform-model-files';

/** The works by name, in the order in which they are measured. */
export const WORKS = ['linear', 'mlp', 'binary1mb'] as const;
export type WorkName = (typeof WORKS)[number];

/** A model and the one row it is asked for. Input and output are one FP32 tensor each. */
export interface Work {
  readonly name: WorkName;
  /** What the model does, for the table. */
  readonly title: string;
  /** The ONNX file. */
  readonly model: Uint8Array;
  readonly inputName: string;
  /** Shape of `row`: one row. */
  readonly shape: readonly [1, number];
  /** Multiples of 1/1024: the same number in FP32 and as JSON text, so that every target gets the same. */
  readonly row: Float32Array;
}

const FEATURES = 4;
const LAYERS = [64, 256, 256, 10];
/** 1 MB of FP32. */
const WIDE = 262_144;

/** The model and the input of a work; the same at every call. */
export function makeWork(name: WorkName): Work {
  switch (name) {
    case 'linear':
      return describe(name, `linear regression, ${FEATURES} features, one row`, FEATURES, linearModel());
    case 'mlp':
      return describe(name, `MLP ${LAYERS.join('-')}, one row`, LAYERS[0] ?? 0, mlpModel());
    case 'binary1mb':
      return describe(name, 'one FP32 tensor of 1 MB through one multiplication', WIDE, wideModel());
  }
}

function describe(name: WorkName, title: string, columns: number, model: OnnxModel): Work {
  return {
    name,
    title,
    model: buildOnnxModel(model),
    inputName: 'x',
    shape: [1, columns],
    row: Float32Array.from(gridNumbers(columns, 7)),
  };
}

function linearModel(): OnnxModel {
  return {
    inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, FEATURES] }],
    outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 1] }],
    nodes: [{ op: 'Gemm', inputs: ['x', 'w', 'b'], outputs: ['y'] }],
    initializers: [
      { name: 'w', datatype: 'FP32', shape: [FEATURES, 1], data: gridNumbers(FEATURES, 1) },
      { name: 'b', datatype: 'FP32', shape: [1], data: [0.25] },
    ],
  };
}

function mlpModel(): OnnxModel {
  const layers = LAYERS.slice(1).map((size, index) => ({ index, size, from: LAYERS[index] ?? 0 }));
  const last = layers.length - 1;
  return {
    inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, LAYERS[0] ?? 0] }],
    outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, LAYERS.at(-1) ?? 0] }],
    nodes: layers.flatMap(({ index }) => {
      const [input, sum] = [index === 0 ? 'x' : `h${index}`, index === last ? 'y' : `s${index}`];
      const gemm = { op: 'Gemm', inputs: [input, `w${index}`, `b${index}`], outputs: [sum] };
      return index === last ? [gemm] : [gemm, { op: 'Relu', inputs: [sum], outputs: [`h${index + 1}`] }];
    }),
    initializers: layers.flatMap(({ index, size, from }) => [
      // Scaled so that the activations keep their size from layer to layer.
      {
        name: `w${index}`,
        datatype: 'FP32',
        shape: [from, size],
        data: gridNumbers(from * size, index).map((value) => value / Math.sqrt(from)),
      },
      { name: `b${index}`, datatype: 'FP32', shape: [size], data: gridNumbers(size, index + 100) },
    ]),
  };
}

function wideModel(): OnnxModel {
  return {
    inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, WIDE] }],
    outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, WIDE] }],
    nodes: [{ op: 'Mul', inputs: ['x', 'half'], outputs: ['y'] }],
    initializers: [{ name: 'half', datatype: 'FP32', shape: [1], data: [0.5] }],
  };
}

/** Multiples of 1/1024 between -1 and 1, always the same for a seed. */
export function gridNumbers(length: number, seed: number): number[] {
  let state = (seed * 2_654_435_761) >>> 0;
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return ((state >>> 21) - 1024) / 1024;
  });
}
