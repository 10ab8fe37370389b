import { isObject } from '../json-document.js';
import type { SignatureFacts, TensorFacts } from '../signature.js';

/** A size that is fixed, variable (-1), or not known without running the model. */
type Size = number | undefined;

interface Layer {
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
}

const DATATYPES: Readonly<Record<string, string>> = { float32: 'FP32', int32: 'INT32', bool: 'BOOL' };
/** What comes out has the shape of what goes in. */
const SAME_SHAPE: ReadonlySet<string> = new Set(
  (
    'InputLayer Activation AlphaDropout BatchNormalization Dropout ELU GaussianDropout GaussianNoise ' +
    'LayerNormalization LeakyReLU Masking PReLU ReLU Rescaling Softmax SpatialDropout1D ThresholdedReLU'
  ).split(' '),
);
/** What comes out has as many dimensions as what goes in, other sizes but the first. */
const SAME_RANK = /^(?:Conv|Separable|Depthwise|MaxPooling|AveragePooling|UpSampling|ZeroPadding|Cropping)/;

/**
 * The signature of a `Sequential` model when it can be told by its layers' settings alone; else undefined. Names are
 * those of the first and the last layer.
 */
export function layersSignature(topology: unknown): SignatureFacts | undefined {
  const layers = sequentialLayers(topology);
  const first = layers[0]?.config;
  const shape = first?.batch_input_shape;
  const datatype = datatypeOf(first?.dtype);
  if (first === undefined || datatype === undefined || !Array.isArray(shape)) return undefined;
  const sizes: Size[] = shape.map((size: unknown) => (typeof size === 'number' ? size : -1));
  const out = layers.reduce<Size[] | undefined>(shapeAfter, sizes);
  const named = layers.at(-1)?.config.name;
  if (out === undefined || out.includes(undefined)) return undefined;
  return { inputs: [toFacts(first.name, datatype, sizes)], outputs: [toFacts(named, 'FP32', out)] };
}

/** Keras leaves out what is FP32. */
function datatypeOf(dtype: unknown): string | undefined {
  if (dtype === undefined || dtype === null) return 'FP32';
  return typeof dtype === 'string' ? DATATYPES[dtype] : undefined;
}

function toFacts(name: unknown, datatype: string, sizes: readonly Size[]): TensorFacts {
  return { name: typeof name === 'string' ? name : 'tensor', datatype, shape: sizes.map(String) };
}

function sequentialLayers(topology: unknown): Layer[] {
  const model = isObject(topology) && isObject(topology.model_config) ? topology.model_config : topology;
  if (!isObject(model) || model.class_name !== 'Sequential') return [];
  const list = isObject(model.config) ? model.config.layers : model.config;
  if (!Array.isArray(list)) return [];
  return list.map((layer: unknown) => ({
    className: isObject(layer) ? String(layer.class_name) : '',
    config: isObject(layer) && isObject(layer.config) ? layer.config : {},
  }));
}

function shapeAfter(shape: Size[] | undefined, { className, config }: Layer): Size[] | undefined {
  if (shape === undefined || SAME_SHAPE.has(className)) return shape;
  const [batch, ...rest] = shape;
  if (className === 'Dense' && typeof config.units === 'number') return [...shape.slice(0, -1), config.units];
  if (className === 'Flatten') {
    const isFixed = rest.every((size) => size !== undefined && size > 0);
    return [batch, isFixed ? rest.reduce<number>((product, size) => product * (size ?? 0), 1) : undefined];
  }
  if (className.startsWith('Global')) return [batch, undefined];
  if (SAME_RANK.test(className)) return [batch, ...rest.map(() => undefined)];
  return undefined;
}
