import { posix } from 'node:path';
import { z } from 'zod';
import { isPlainPath } from '../file-paths.js';
import { isObject } from '../json-document.js';
import type { ModelFile } from '../model-file.js';
import {
  fileMissing,
  filesInvalid,
  layerRefused,
  malformed,
  operatorRefused,
  quote,
  tensorInvalid,
} from '../model-files.errors.js';
import { isCheckpointOperator, reachesOutside } from '../saved-model/operators.js';
import type { SignatureFacts } from '../signature.js';
import { graphSignature } from './graph-signature.js';
import { LAYER_CLASSES } from './layer-classes.js';
import { layersSignature } from './layers-signature.js';

/** What a `model.json` of TensorFlow.js says about itself. */
export interface TfjsFacts {
  readonly format: 'tfjs-layers' | 'tfjs-graph';
  readonly signature: SignatureFacts | undefined;
  /** The weight files that it names. */
  readonly weightPaths: readonly string[];
}

const BYTES_PER_VALUE: Readonly<Record<string, number>> = {
  float32: 4,
  int32: 4,
  complex64: 8,
  bool: 1,
  float16: 2,
  uint16: 2,
  uint8: 1,
};

const weightSchema = z.looseObject({
  name: z.string(),
  shape: z.array(z.int().nonnegative()).max(32),
  dtype: z.string(),
  quantization: z.looseObject({ dtype: z.string() }).optional(),
});
const groupSchema = z.looseObject({ paths: z.array(z.string()), weights: z.array(weightSchema) });
const modelSchema = z.looseObject({
  format: z.string().optional(),
  modelTopology: z.record(z.string(), z.unknown()),
  weightsManifest: z.array(groupSchema),
});
type Group = z.infer<typeof groupSchema>;

/** Whether a JSON document is meant as a model of TensorFlow.js. */
export const looksLikeTfjs = (document: Record<string, unknown>): boolean =>
  'modelTopology' in document || 'weightsManifest' in document;

/** Looks into a `model.json` and refuses one that could harm whoever loads it. Throws `unprocessable`. */
export function inspectTfjs(
  path: string,
  document: Record<string, unknown>,
  files: readonly ModelFile[],
): TfjsFacts {
  const parsed = modelSchema.safeParse(document);
  if (!parsed.success) throw malformed(path, z.prettifyError(parsed.error).slice(0, 500));
  const { modelTopology, weightsManifest, format } = parsed.data;
  const weightPaths = checkWeights(path, weightsManifest, files);
  const isGraph = format === 'graph-model' || 'node' in modelTopology;
  if (isGraph) checkNodes(path, modelTopology);
  else checkLayers(path, modelTopology);
  return {
    format: isGraph ? 'tfjs-graph' : 'tfjs-layers',
    signature: isGraph ? graphSignature(path, document) : layersSignature(modelTopology),
    weightPaths,
  };
}

function checkWeights(path: string, groups: readonly Group[], files: readonly ModelFile[]): string[] {
  const sizes = new Map(files.map((file) => [file.path, file.sizeBytes]));
  const names = new Set<string>();
  for (const { name } of groups.flatMap((group) => group.weights)) {
    if (names.has(name)) throw tensorInvalid(name, 'is there twice');
    names.add(name);
  }
  return groups.flatMap((group) => {
    const paths = group.paths.map((weight) => localPath(path, weight));
    const missing = paths.find((one) => !sizes.has(one));
    if (missing !== undefined) throw fileMissing(missing, path);
    assertBytes(
      path,
      group,
      paths.reduce((sum, one) => sum + (sizes.get(one) ?? 0), 0),
    );
    return paths;
  });
}

function localPath(path: string, weight: string): string {
  if (!isPlainPath(weight)) throw filesInvalid(`the weight path ${quote(weight)} leaves the model`);
  return posix.join(posix.dirname(path), weight);
}

function assertBytes(path: string, group: Group, sizeBytes: number): void {
  let expected = 0n;
  for (const { name, shape, dtype, quantization } of group.weights) {
    const stored = quantization?.dtype ?? dtype;
    // Text has no fixed size: TensorFlow.js reads length by length and stops at the end.
    if (stored === 'string') return;
    if (!Object.hasOwn(BYTES_PER_VALUE, stored))
      throw tensorInvalid(name, `has the unknown type ${quote(stored)}`);
    expected += shape.reduce((product, size) => product * BigInt(size), BigInt(BYTES_PER_VALUE[stored] ?? 0));
  }
  if (expected !== BigInt(sizeBytes))
    throw malformed(path, `its weights have ${sizeBytes} bytes, the shapes ask for ${expected}`);
}

function checkNodes(path: string, topology: Record<string, unknown>): void {
  const library = isObject(topology.library) ? topology.library.function : [];
  const bodies = Array.isArray(library)
    ? library.map((fn: unknown) => (isObject(fn) ? (fn.nodeDef ?? []) : []))
    : [];
  for (const nodes of [topology.node, ...bodies]) {
    if (!Array.isArray(nodes)) throw malformed(path, 'its graph has no list of nodes');
    for (const node of nodes as unknown[]) {
      const op = isObject(node) ? String(node.op) : '';
      if (reachesOutside(op) || isCheckpointOperator(op))
        throw operatorRefused(op, 'which reaches files, the network or programs outside the model');
    }
  }
}

/** Where Keras keeps layers: in models, wrappers and cells. */
const LAYER_KEYS: ReadonlySet<string> = new Set(
  'model_config layers layer forward_layer backward_layer cell cells'.split(' '),
);

function checkLayers(path: string, topology: Record<string, unknown>): void {
  const root = isObject(topology.model_config) ? topology.model_config : topology;
  if (typeof root.class_name !== 'string') throw malformed(path, 'it has no model in modelTopology');
  const waiting: { value: unknown; key: string }[] = [{ value: root, key: 'model_config' }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { value, key } = next;
    if (Array.isArray(value)) for (const item of value as unknown[]) waiting.push({ value: item, key });
    else if (isObject(value)) {
      if (LAYER_KEYS.has(key) && 'class_name' in value) assertLayer(String(value.class_name));
      for (const [name, child] of Object.entries(value)) waiting.push({ value: child, key: name });
    }
  }
}

function assertLayer(className: string): void {
  if (!LAYER_CLASSES.has(className)) throw layerRefused(className);
}
