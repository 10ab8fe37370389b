import type { ModelFile } from '../model-file.js';
import { malformed, operatorRefused, tensorInvalid, tooDemanding } from '../model-files.errors.js';
import type { SignatureFacts, TensorFacts } from '../signature.js';
import { checkSparseTensor, checkTensor } from './check-tensors.js';
import type { ExternalRange } from './check-tensors.js';
import { checkWork } from './check-work.js';
import { ELEMENT_TYPES } from './onnx-datatypes.js';
import { MICROSOFT_OPERATORS, ONNX_DOMAINS } from './onnx-operators.js';
import { scanOnnx } from './scan-onnx.js';
import type {
  ScannedFunction,
  ScannedGraph,
  ScannedModel,
  ScannedNode,
  ScannedValue,
} from './scanned-onnx.js';

/** What an ONNX model says about itself. */
export interface OnnxFacts {
  readonly irVersion: number;
  /** Versions of the operator sets; the empty domain is ONNX's own. */
  readonly opsets: Readonly<Record<string, number>>;
  /** Operators that it uses anywhere, sorted; others than ONNX's own as `domain:op`. */
  readonly operators: readonly string[];
  /** Without inputs that are initializers and outputs that are no tensors; undefined when a rank is not said. */
  readonly signature: SignatureFacts | undefined;
  /** Files that its tensors lie in, each once. */
  readonly externalPaths: readonly string[];
  readonly externalData: readonly ExternalRange[];
}

/** Protobuf's own limit: nothing larger can be read in one piece. */
const MAX_MODEL_BYTES = 2 ** 31 - 1;

/**
 * Looks into an ONNX model without reading its weights, and refuses one that could harm whoever loads it. `files` are
 * all files of the model, the ONNX file among them. Throws `unprocessable`.
 */
export async function inspectOnnx(file: ModelFile, files: readonly ModelFile[]): Promise<OnnxFacts> {
  if (file.sizeBytes > MAX_MODEL_BYTES)
    throw tooDemanding(`the ONNX file has ${file.sizeBytes} bytes: put the weights into files beside it`);
  const model = await scanOnnx(file);
  const { graph } = model;
  if (graph === undefined) throw malformed(file.path, 'it has no graph');
  const folder = { modelPath: file.path, sizes: new Map(files.map((each) => [each.path, each.sizeBytes])) };
  const externalData = model.tensors.flatMap((tensor) => checkTensor(tensor, folder) ?? []);
  model.sparseTensors.forEach(checkSparseTensor);
  const operators = checkOperators(model, graph);
  checkWork(graph, model.functions);
  return {
    irVersion: model.irVersion,
    opsets: Object.fromEntries([...model.opsets].map(([domain, version]) => [domain, Number(version)])),
    operators,
    signature: signatureOf(graph),
    externalPaths: [...new Set(externalData.map(({ path }) => path))],
    externalData,
  };
}

function checkOperators(model: ScannedModel, graph: ScannedGraph): string[] {
  const own = new Set(model.functions.map(({ domain, name }) => `${domain}:${name}`));
  const used = new Set<string>();
  for (const { domain, op } of allNodes(graph.nodes, model.functions)) {
    const isPlain = domain === '' || domain === 'ai.onnx';
    used.add(isPlain ? op : `${domain}:${op}`);
    if (!own.has(`${domain}:${op}`)) assertKnown(domain, op);
  }
  return [...used].sort();
}

function assertKnown(domain: string, op: string): void {
  if (ONNX_DOMAINS.has(domain)) return;
  if (domain !== 'com.microsoft')
    throw operatorRefused(`${domain}:${op}`, 'an operator of a domain for which no code is loaded here');
  if (!MICROSOFT_OPERATORS.has(op))
    throw operatorRefused(`${domain}:${op}`, 'which ONNX Runtime does not have on a CPU');
}

/** Of the graph, the functions, and all graphs inside nodes. */
function* allNodes(
  nodes: readonly ScannedNode[],
  functions: readonly ScannedFunction[] = [],
): Generator<ScannedNode> {
  for (const node of nodes) {
    yield node;
    for (const { graphs } of node.attributes) for (const inner of graphs) yield* allNodes(inner.nodes);
  }
  for (const fn of functions) yield* allNodes(fn.nodes);
}

function signatureOf(graph: ScannedGraph): SignatureFacts | undefined {
  const constant = new Set(graph.initializers.map(({ name }) => name));
  for (const { parts } of graph.sparseInitializers) constant.add(parts[0]?.name ?? '');
  const inputs = graph.inputs.filter(({ name }) => !constant.has(name)).map(factsOf);
  // Classifiers of scikit-learn have a map for people beside the tensor for programs.
  const outputs = graph.outputs.filter(({ elementType }) => elementType !== 0).map(factsOf);
  if (outputs.length === 0)
    throw tensorInvalid(
      graph.outputs[0]?.name ?? '',
      'is the output and no tensor, which no answer can carry',
    );
  const isKnown = (facts: TensorFacts | undefined) => facts !== undefined;
  if (!inputs.every(isKnown) || !outputs.every(isKnown)) return undefined;
  return { inputs, outputs };
}

function factsOf({ name, elementType, shape }: ScannedValue): TensorFacts | undefined {
  if (elementType === 0)
    throw tensorInvalid(name, 'is an input that is no tensor, which no request can carry');
  const type = ELEMENT_TYPES.get(elementType);
  if (type?.served !== true)
    throw tensorInvalid(
      name,
      `is an input or output of type ${type?.word ?? elementType}, which no request can carry`,
    );
  if (shape === undefined) return undefined;
  return { name, datatype: type.word, shape: shape.map(String) };
}
