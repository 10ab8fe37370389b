import { quote, tooDemanding } from '../model-files.errors.js';
import { MAX_ELEMENTS } from './check-tensors.js';
import { newGraph } from './scanned-onnx.js';
import type { ScannedAttribute, ScannedFunction, ScannedGraph, ScannedNode } from './scanned-onnx.js';

/** Turns of loops whose count is a constant, nested ones multiplied. */
const MAX_TURNS = 1_000_000n;
const MAX_STEPS_BACK = 16;

/** Constants by name, as a graph sees them: its own, and then those of the graphs around it. */
interface Constants {
  readonly own: ReadonlyMap<string, readonly bigint[]>;
  readonly outer: Constants | undefined;
}

/**
 * Refuses what asks for too much by constants alone, whatever comes in: tensors that are made out of a few numbers, and
 * loops that cannot end in time. What is computed from inputs is bounded where it runs. Throws `unprocessable`.
 */
export function checkWork(graph: ScannedGraph, functions: readonly ScannedFunction[]): void {
  checkGraph(graph, undefined, 1n);
  for (const { nodes } of functions) checkGraph({ ...newGraph(), nodes: [...nodes] }, undefined, 1n);
}

function checkGraph(graph: ScannedGraph, outer: Constants | undefined, turns: bigint): void {
  const constants = constantsOf(graph, outer);
  for (const node of graph.nodes) {
    const values = valuesMade(node, constants);
    if (values > MAX_ELEMENTS) throw tooDemanding(`${quote(node.op)} makes a tensor of ${values} values`);
    const inside = turns * loopTurns(node, constants);
    if (inside > MAX_TURNS)
      throw tooDemanding(`a loop runs ${inside < 2n ** 63n ? inside : 'without end'} times`);
    for (const attribute of node.attributes) {
      for (const body of attribute.graphs) checkGraph(body, constants, inside);
    }
  }
}

function constantsOf(graph: ScannedGraph, outer: Constants | undefined): Constants {
  const own = new Map<string, readonly bigint[]>();
  for (const { name, ints } of graph.initializers) if (ints.length > 0) own.set(name, ints);
  for (const node of graph.nodes) {
    const [output] = node.outputs;
    if (node.op === 'Constant' && output !== undefined) own.set(output, node.attributes.flatMap(valuesOf));
  }
  return { own, outer };
}

function find(name: string, constants: Constants): readonly bigint[] | undefined {
  for (let scope: Constants | undefined = constants; scope !== undefined; scope = scope.outer) {
    const values = scope.own.get(name);
    if (values !== undefined) return values;
  }
  return undefined;
}

function valuesOf(attribute: ScannedAttribute): readonly bigint[] {
  return [...attribute.ints, ...attribute.tensors.flatMap((tensor) => tensor.ints)];
}

type Inputs = (index: number) => readonly bigint[];

/** How many values an operator makes out of constants, by the operators that can make many out of few. */
const VALUES_MADE: ReadonlyMap<string, (input: Inputs, node: ScannedNode) => bigint> = new Map([
  ['ConstantOfShape', (input) => product(input(0))],
  ['Expand', (input) => product(input(1))],
  ['Tile', (input) => product(input(1))],
  ['RandomNormal', (_, node) => product(shapeAttribute(node))],
  ['RandomUniform', (_, node) => product(shapeAttribute(node))],
  ['Resize', (input) => product(input(3))],
  ['OneHot', (input) => input(1)[0] ?? 0n],
  ['Pad', (input) => input(1).reduce((most, pad) => (pad > most ? pad : most), 0n)],
  ['Range', (input) => rangeLength(input(0)[0], input(1)[0], input(2)[0])],
]);

function valuesMade(node: ScannedNode, constants: Constants): bigint {
  const made = VALUES_MADE.get(node.op);
  return made?.((index) => find(node.inputs[index] ?? '', constants) ?? [], node) ?? 0n;
}

function shapeAttribute({ attributes }: ScannedNode): readonly bigint[] {
  return attributes.find(({ name }) => name === 'shape')?.ints ?? [];
}

function rangeLength(start?: bigint, limit?: bigint, delta?: bigint): bigint {
  if (start === undefined || limit === undefined || delta === undefined || delta === 0n) return 0n;
  return (limit - start) / delta;
}

function product(dims: readonly bigint[]): bigint {
  return dims.length === 0 ? 0n : dims.reduce((result, dim) => result * dim, 1n);
}

/** Turns of a loop that only counts; 1 for other nodes, and for loops that their own condition ends. */
function loopTurns(node: ScannedNode, constants: Constants): bigint {
  const body = node.attributes.find(({ name }) => name === 'body')?.graphs[0];
  if (node.op !== 'Loop' || body === undefined || endsByCondition(body)) return 1n;
  const count = node.inputs[0] ?? '';
  // A loop without a count and with a condition that never changes has no end at all.
  if (count === '') return 2n ** 63n;
  const turns = find(count, constants)?.[0] ?? 1n;
  return turns > 1n ? turns : 1n;
}

/** Whether the condition that the body hands on is computed, and not a constant or the one it was given. */
function endsByCondition(body: ScannedGraph): boolean {
  let name = body.outputs[0]?.name ?? '';
  for (let step = 0; step < MAX_STEPS_BACK; step += 1) {
    const wanted = name;
    const maker = body.nodes.find((node) => node.outputs.includes(wanted));
    if (maker === undefined || maker.op === 'Constant') return false;
    if (maker.op !== 'Identity' && maker.op !== 'Cast') return true;
    name = maker.inputs[0] ?? '';
  }
  return false;
}
