import type { Datatype } from '../../tensors/datatype.js';
import type { TensorSpec } from '../../tensors/signature.js';
import { modelUnusable } from '../engines.errors.js';
import { canServe, dtypeOf } from './tf-tensors.js';
import type { TfDtype } from './tf-tensors.js';

/** What a graph takes or gives at one place. */
export interface Endpoint {
  readonly name: string;
  /** null is variable; undefined when it is not said. */
  readonly shape: readonly (number | null)[] | undefined;
  /** The type it is computed in; undefined when it is not said. */
  readonly dtype: string | undefined;
}

/** A tensor of the signature at its place in the graph. */
export interface BoundEndpoint {
  readonly name: string;
  readonly position: number;
  readonly datatype: Datatype;
  readonly dtype: TfDtype;
}

/** Pairs the signature with the graph: by name when the names are the graph's own, else by position. */
export function bindEndpoints(
  role: 'input' | 'output',
  specs: readonly TensorSpec[],
  graph: readonly Endpoint[],
): BoundEndpoint[] {
  const isNamed = specs.every((spec) => graph.some(({ name }) => name === spec.name));
  // Every input is needed; of outputs, those that are asked for by name.
  const isFew = role === 'output' && isNamed && specs.length < graph.length;
  if (specs.length !== graph.length && !isFew) {
    throw modelUnusable(`The signature has ${specs.length} ${role}s, the model has ${graph.length}.`);
  }
  return specs.map((spec, index) => {
    const position = isNamed ? graph.findIndex(({ name }) => name === spec.name) : index;
    return bind(role, spec, position, graph[position]);
  });
}

function bind(
  role: 'input' | 'output',
  { name, datatype, shape }: TensorSpec,
  position: number,
  endpoint: Endpoint | undefined,
): BoundEndpoint {
  const own = endpoint?.shape;
  const fits =
    own === undefined ||
    (own.length === shape.length && own.every((size, i) => size === null || size === shape[i]));
  if (!fits) {
    const graph = own.map((size) => size ?? -1).join(',');
    throw modelUnusable(
      `The signature says ${role} "${name}" has shape [${shape.join(',')}], the model says [${graph}].`,
    );
  }
  const dtype = endpoint?.dtype ?? dtypeOf(datatype);
  if (!isTfDtype(dtype) || !canServe(role, datatype, dtype)) {
    throw modelUnusable(
      `The signature says ${role} "${name}" is ${datatype}, the model computes it in ${dtype}.`,
    );
  }
  return { name, position, datatype, dtype };
}

function isTfDtype(dtype: string | undefined): dtype is TfDtype {
  return dtype === 'float32' || dtype === 'int32' || dtype === 'bool' || dtype === 'string';
}
