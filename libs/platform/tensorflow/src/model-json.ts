import type { io } from '@tensorflow/tfjs';
import { z } from 'zod';
import type { Tensorflow } from './load-tensorflow.js';
import { TensorflowModelError } from './tensorflow-model-error.js';

const URL_SCHEME = /^[a-z][a-z0-9+.-]*:/i;
const BYTES_PER_VALUE: Record<string, number> = { float32: 4, int32: 4, bool: 1, complex64: 8 };

const weightSchema = z.looseObject({
  name: z.string(),
  shape: z.array(z.int().nonnegative()),
  dtype: z.string(),
  quantization: z.looseObject({}).optional(),
});

/** What TF.js calls its two formats, and what people do. */
const FORMATS = { 'layers-model': 'TF.js Layers model', 'graph-model': 'TF.js graph model' } as const;

export type ModelJsonFormat = keyof typeof FORMATS;

const weightsManifestSchema = z.array(
  z.object({ paths: z.array(z.string().min(1)), weights: z.array(weightSchema) }),
);

const signatureEntrySchema = z.looseObject({
  name: z.string(),
  dtype: z.string().optional(),
  tensorShape: z
    .looseObject({ dim: z.array(z.looseObject({ size: z.coerce.number() })).optional() })
    .optional(),
});

export type SignatureEntry = z.infer<typeof signatureEntrySchema>;

const modelJsonSchema = z.looseObject({
  format: z.string(),
  modelTopology: z.record(z.string(), z.unknown()),
  weightsManifest: weightsManifestSchema,
  /** Of graph models: the names that a SavedModel had for its tensors. */
  signature: z
    .looseObject({
      inputs: z.record(z.string(), signatureEntrySchema).optional(),
      outputs: z.record(z.string(), signatureEntrySchema).optional(),
    })
    .nullish(),
});

/** The parts of `model.json` that are read before TensorFlow sees it. */
export type ModelJson = z.infer<typeof modelJsonSchema>;

/** Parses `model.json`; refuses other formats and weight paths that are URLs, absolute or climb with `..`. */
export function parseModelJson(content: Buffer, format: ModelJsonFormat = 'layers-model'): ModelJson {
  let value: unknown;
  try {
    value = JSON.parse(content.toString('utf8'));
  } catch (cause) {
    throw new TensorflowModelError('model_invalid', 'model.json is not JSON: export the model again.', {
      cause,
    });
  }
  const parsed = modelJsonSchema.safeParse(value);
  if (!parsed.success || parsed.data.format !== format) {
    const reason = parsed.success
      ? `its format is "${parsed.data.format}", not "${format}"`
      : z.prettifyError(parsed.error);
    throw new TensorflowModelError('model_invalid', `model.json is not a ${FORMATS[format]}: ${reason}`);
  }
  for (const path of parsed.data.weightsManifest.flatMap((group) => group.paths)) requireLocal(path);
  return parsed.data;
}

function requireLocal(path: string): void {
  const climbs = path.split(/[\\/]/).includes('..');
  if (!URL_SCHEME.test(path) && !/^[\\/]/.test(path) && !climbs) return;
  throw new TensorflowModelError(
    'weights_outside_model',
    `The weight path "${path}" leaves the model folder: weights must lie beside model.json.`,
  );
}

/** Refuses a model with a layer class that TF.js does not have: it would need code that we do not run. */
export function requireKnownLayers(tf: Tensorflow, document: ModelJson): void {
  const known = tf.serialization.SerializationMap.getMap().classNameMap;
  const unknown = layerClasses(document.modelTopology).filter((name) => !(name in known));
  if (unknown.length === 0) return;
  throw new TensorflowModelError(
    'unknown_layer',
    `The model uses layer classes that TensorFlow.js does not have: ${[...new Set(unknown)].join(', ')}. ` +
      'Rebuild it from built-in layers, or export it as ONNX.',
  );
}

/** What TF.js builds a model from. Throws when there are more or fewer weights than the document says. */
export function modelArtifacts(document: ModelJson, weights: Buffer): io.ModelArtifacts {
  requireWeightBytes(document, weights.byteLength);
  return {
    modelTopology: document.modelTopology,
    format: document.format,
    weightSpecs: document.weightsManifest.flatMap((group) => group.weights) as io.WeightsManifestEntry[],
    weightData: new Uint8Array(weights).buffer,
    ...(document.signature ? { signature: document.signature } : {}),
  };
}

/** Refuses weights that are shorter or longer than the manifest says (quantized and text weights vary). */
function requireWeightBytes(document: ModelJson, byteLength: number): void {
  const weights = document.weightsManifest.flatMap((group) => group.weights);
  if (weights.some((weight) => weight.quantization !== undefined || !(weight.dtype in BYTES_PER_VALUE)))
    return;
  const expected = weights.reduce(
    (sum, { shape, dtype }) => sum + shape.reduce((a, b) => a * b, 1) * (BYTES_PER_VALUE[dtype] ?? 0),
    0,
  );
  if (expected === byteLength) return;
  throw new TensorflowModelError(
    'weights_invalid',
    `The weights have ${byteLength} bytes, the manifest says ${expected}: the model is cut or mixed up.`,
  );
}

/** Class names of the model and its layers, also inside nested models and wrappers (`layer: {class_name}`). */
function layerClasses(node: unknown, key = 'model_config'): string[] {
  if (Array.isArray(node)) return node.flatMap((item) => layerClasses(item, key));
  if (typeof node !== 'object' || node === null) return [];
  const holds = ['model_config', 'layers', 'layer', 'forward_layer', 'backward_layer'].includes(key);
  const own = holds && 'class_name' in node ? [String(node.class_name)] : [];
  return [...own, ...Object.entries(node).flatMap(([name, child]) => layerClasses(child, name))];
}
