import { operatorRefused } from '../model-files.errors.js';
import { isCheckpointOperator, reachesOutside } from './operators.js';
import type { MetaGraph, TfNode } from './scanned-graph.js';

/** What a node may stand behind when it names the checkpoint's file: what the loader fills in, handed on. */
const FILENAME_SOURCES: ReadonlySet<string> = new Set(['Placeholder', 'PlaceholderWithDefault', 'Identity']);

/**
 * Refuses a graph with operators that reach outside of it, wherever they are, and one that would touch checkpoints when
 * it is called or in another way than TensorFlow restores its own. Throws `unprocessable`.
 */
export function checkGraph(meta: MetaGraph): void {
  for (const node of allNodes(meta)) {
    if (reachesOutside(node.op) || printsToFile(node))
      throw operatorRefused(node.op, 'which reaches files, the network or programs outside the model');
  }
  const called = meta.signatures.flatMap(({ outputs }) => outputs.map(({ name }) => name));
  for (const node of reachedFrom(meta, [...called, ...meta.collected])) {
    if (isCheckpointOperator(node.op))
      throw operatorRefused(node.op, 'which touches checkpoints when it is called');
  }
  const surroundings = surroundingsOf(meta);
  for (const node of reachedFrom(meta, [meta.restoreOp])) assertRestores(node, surroundings.get(node));
}

function printsToFile({ op, texts }: TfNode): boolean {
  return (
    (op === 'PrintV2' && (texts.get('output_stream') ?? '').includes('file')) ||
    (texts.get('filename') ?? '') !== ''
  );
}

type NodesByName = ReadonlyMap<string, TfNode>;

const byName = (nodes: readonly TfNode[]): NodesByName => new Map(nodes.map((node) => [node.name, node]));

/** Each node's graph or function, made once: a model may have as many restoring nodes as it has nodes. */
function surroundingsOf(meta: MetaGraph): ReadonlyMap<TfNode, NodesByName> {
  const surroundings = new Map<TfNode, NodesByName>();
  for (const nodes of [meta.nodes, ...meta.functions.map((fn) => fn.nodes)]) {
    const around = byName(nodes);
    for (const node of nodes) surroundings.set(node, around);
  }
  return surroundings;
}

/** When a model is restored, its variables are read from the file that the loader names, and nothing is written. */
function assertRestores(node: TfNode, around: NodesByName | undefined): void {
  if (!isCheckpointOperator(node.op)) return;
  const source = around?.get(nodeName(node.inputs[0] ?? ''));
  // Not among the nodes: an argument of the function.
  if (node.op === 'RestoreV2' && (source === undefined || FILENAME_SOURCES.has(source.op))) return;
  throw operatorRefused(node.op, 'in another way than to restore its own variables');
}

/** All nodes that run when one of these does: what leads to them, and everything in the functions that are called. */
function reachedFrom(meta: MetaGraph, names: readonly string[]): Set<TfNode> {
  const nodes = byName(meta.nodes);
  const functions = new Map(meta.functions.map((fn) => [fn.name, fn]));
  const reached = new Set<TfNode>();
  const waiting = names.flatMap((name) => nodes.get(nodeName(name)) ?? []);
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (reached.has(node)) continue;
    reached.add(node);
    for (const input of node.inputs) {
      const before = nodes.get(nodeName(input));
      if (before !== undefined && !reached.has(before)) waiting.push(before);
    }
    for (const called of [node.op, ...node.calls]) {
      const fn = functions.get(called);
      // Each function once: its nodes are all taken at that time.
      functions.delete(called);
      if (fn !== undefined) waiting.push(...fn.nodes);
    }
  }
  return reached;
}

function* allNodes(meta: MetaGraph): Generator<TfNode> {
  yield* meta.nodes;
  for (const fn of meta.functions) yield* fn.nodes;
}

/** `^node`, `node:0`, `node:output:0` → `node`. */
function nodeName(input: string): string {
  return input.replace(/^\^/, '').replace(/:.*$/, '');
}
