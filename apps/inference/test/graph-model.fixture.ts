import type { ModelFiles } from '../src/engines/engine.js';

type Dtype = 'float32' | 'int32' | 'bool' | 'string';
type Attributes = Readonly<Record<string, unknown>>;

const TYPES = { float32: 'DT_FLOAT', int32: 'DT_INT32', bool: 'DT_BOOL', string: 'DT_STRING' } as const;
const FLOAT = { T: { type: TYPES.float32 } };

/** The files of y = slope · x + intercept as the TF.js converter writes graph models. */
export function lineGraphFiles(slope: number, intercept: number): ModelFiles {
  return graphFiles({
    nodes: [
      node('product', 'Mul', ['features', 'slope']),
      node('sum', 'AddV2', ['product', 'intercept']),
      node('Identity', 'Identity', ['sum']),
    ],
    weights: { slope: Float32Array.of(slope), intercept: Float32Array.of(intercept) },
  });
}

/** Gives back its input `x`, rows of three, as `y`. */
export function identityGraphFiles(dtype: Dtype): ModelFiles {
  const nodes = [node('Identity', 'Identity', ['features'], { T: { type: TYPES[dtype] } })];
  return graphFiles({ dtype, width: 3, nodes, names: ['x', 'y'] });
}

/** Keeps the rows above 0: how many come out depends on the values, and TF.js computes that asynchronously only. */
export function filterGraphFiles(): ModelFiles {
  return graphFiles({
    nodes: [
      node('isKept', 'Greater', ['features', 'zero']),
      node('places', 'Where', ['isKept'], { T: { type: TYPES.bool } }),
      node('kept', 'GatherNd', ['features', 'places'], {
        Tparams: { type: TYPES.float32 },
        Tindices: { type: TYPES.int32 },
      }),
      node('column', 'ExpandDims', ['kept', 'axis']),
      node('Identity', 'Identity', ['column']),
    ],
    weights: { zero: Float32Array.of(0), axis: Int32Array.of(1) },
  });
}

function node(name: string, op: string, input: readonly string[], attr: Attributes = FLOAT): object {
  return { name, op, input, attr };
}

interface Graph {
  /** They read `features` and end in `Identity`. */
  readonly nodes: readonly object[];
  readonly weights?: Readonly<Record<string, Float32Array | Int32Array>>;
  /** Of its input and output, whose rows are `width` wide. */
  readonly dtype?: Dtype;
  readonly width?: number;
  readonly names?: readonly [string, string];
}

function graphFiles(graph: Graph): ModelFiles {
  const { nodes, weights = {}, dtype = 'float32', width = 1 } = graph;
  const [inputName, outputName] = graph.names ?? ['features', 'prediction'];
  const dim = [{ size: '-1' }, { size: String(width) }];
  const arrays = Object.entries(weights).map(([name, values]) => {
    return { name, values, dtype: values instanceof Int32Array ? ('int32' as const) : ('float32' as const) };
  });
  const document = {
    format: 'graph-model',
    generatedBy: 'test',
    convertedBy: 'test',
    signature: {
      inputs: { [inputName]: { name: 'features:0', dtype: TYPES[dtype], tensorShape: { dim } } },
      outputs: { [outputName]: { name: 'Identity:0', dtype: TYPES[dtype], tensorShape: { dim } } },
    },
    modelTopology: {
      node: [
        {
          name: 'features',
          op: 'Placeholder',
          attr: { dtype: { type: TYPES[dtype] }, shape: { shape: { dim } } },
        },
        ...arrays.map((array) => constant(array.name, array.dtype)),
        ...nodes,
      ],
      library: {},
      versions: {},
    },
    weightsManifest: [
      {
        paths: ['weights.bin'],
        weights: arrays.map((array) => ({
          name: array.name,
          shape: [array.values.length],
          dtype: array.dtype,
        })),
      },
    ],
  };
  const values = arrays.map((array) => Buffer.from(array.values.buffer));
  return new Map([
    ['model.json', Buffer.from(JSON.stringify(document))],
    ['weights.bin', Buffer.concat(values)],
  ]);
}

/** Its values are among the weights. */
function constant(name: string, dtype: Dtype): object {
  const type = TYPES[dtype];
  return {
    name,
    op: 'Const',
    attr: { dtype: { type }, value: { tensor: { dtype: type, tensorShape: {} } } },
  };
}
