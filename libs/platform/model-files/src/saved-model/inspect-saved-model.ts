import type { ModelFile } from '../model-file.js';
import { fileMissing, malformed, operatorRefused, quote } from '../model-files.errors.js';
import type { SignatureFacts, TensorFacts } from '../signature.js';
import { isPlainPath } from '../file-paths.js';
import { checkGraph } from './check-graph.js';
import { scanSavedModel } from './scan-saved-model.js';
import type { MetaGraph, TfTensor } from './scanned-graph.js';
import { datatypeOf } from './tf-datatypes.js';

/** What a SavedModel says about itself. */
export interface SavedModelFacts {
  /** Of `serving_default`; undefined when a rank is not said, or there is no such signature. */
  readonly signature: SignatureFacts | undefined;
}

const SERVE = 'serve';
const DEFAULT_SIGNATURE = 'serving_default';
/** Files that TensorFlow itself writes beside `saved_model.pb`. */
const OWN_FILES =
  /^(?:variables\/variables\.(?:index|data-\d{5}-of-\d{5})|(?:assets|assets\.extra)\/.+|fingerprint\.pb|keras_metadata\.pb)$/;

/** Whether TensorFlow writes a file of this name beside `saved_model.pb`. */
export const isSavedModelPath = (path: string): boolean => OWN_FILES.test(path);

/** Looks into a `saved_model.pb` and refuses one that could harm whoever loads it. Throws `unprocessable`. */
export async function inspectSavedModel(
  file: ModelFile,
  files: readonly ModelFile[],
): Promise<SavedModelFacts> {
  const graphs = await scanSavedModel(file);
  const served = graphs.find(({ tags }) => tags.includes(SERVE));
  if (served === undefined) throw malformed(file.path, `it has no graph with the tag ${SERVE}`);
  for (const graph of graphs) {
    checkGraph(graph);
    checkAssets(file.path, graph, files);
  }
  const hasVariables = served.restoreOp !== '' && uses(served, 'RestoreV2');
  const index = 'variables/variables.index';
  if (hasVariables && !files.some(({ path }) => path === index)) throw fileMissing(index, file.path);
  return { signature: signatureOf(file.path, served) };
}

/** TensorFlow reads `assets/<filename>` when it loads the model. */
function checkAssets(path: string, { assetFiles }: MetaGraph, files: readonly ModelFile[]): void {
  for (const name of assetFiles) {
    const asset = `assets/${name}`;
    if (!isPlainPath(name))
      throw operatorRefused('asset', `of the name ${quote(name)}, which leaves the model`);
    if (!files.some((file) => file.path === asset)) throw fileMissing(asset, path);
  }
}

function uses({ nodes, functions }: MetaGraph, op: string): boolean {
  return [nodes, ...functions.map((fn) => fn.nodes)].some((list) => list.some((node) => node.op === op));
}

function signatureOf(path: string, { signatures }: MetaGraph): SignatureFacts | undefined {
  const own = signatures.find(({ key }) => key === DEFAULT_SIGNATURE);
  if (own === undefined) return undefined;
  const inputs = own.inputs.map((tensor) => factsOf(path, tensor)).sort(byName);
  const outputs = own.outputs.map((tensor) => factsOf(path, tensor)).sort(byName);
  if (outputs.length === 0) throw malformed(path, `${DEFAULT_SIGNATURE} has no output`);
  const known = (facts: readonly (TensorFacts | undefined)[]) => facts.flatMap((one) => one ?? []);
  const isWhole = known(inputs).length === inputs.length && known(outputs).length === outputs.length;
  return isWhole ? { inputs: known(inputs), outputs: known(outputs) } : undefined;
}

function factsOf(path: string, { key, elementType, shape }: TfTensor): TensorFacts | undefined {
  const datatype = datatypeOf(elementType);
  if (datatype === undefined)
    throw malformed(path, `${quote(key)} has the type ${elementType}, which no request can carry`);
  return shape === undefined ? undefined : { name: key, datatype, shape: shape.map(String) };
}

/** Maps have no order in protobuf: the same model gets the same signature. */
function byName(a: TensorFacts | undefined, b: TensorFacts | undefined): number {
  return (a?.name ?? '') < (b?.name ?? '') ? -1 : 1;
}
