/** What is kept of an ONNX model: its structure, without the bytes of its weights. */
export interface ScannedModel {
  irVersion: number;
  graph: ScannedGraph | undefined;
  /** Versions of the operator sets by domain. */
  readonly opsets: Map<string, bigint>;
  readonly functions: ScannedFunction[];
  /** Every tensor of the model, wherever it is. */
  readonly tensors: ScannedTensor[];
  readonly sparseTensors: ScannedSparseTensor[];
}

export interface ScannedGraph {
  readonly nodes: ScannedNode[];
  readonly initializers: ScannedTensor[];
  readonly sparseInitializers: ScannedSparseTensor[];
  readonly inputs: ScannedValue[];
  readonly outputs: ScannedValue[];
}

export interface ScannedNode {
  op: string;
  domain: string;
  readonly inputs: string[];
  readonly outputs: string[];
  readonly attributes: ScannedAttribute[];
}

export interface ScannedAttribute {
  name: string;
  /** Its whole numbers, at most MAX_KEPT_VALUES of them. */
  readonly ints: bigint[];
  readonly tensors: ScannedTensor[];
  readonly graphs: ScannedGraph[];
}

export interface ScannedFunction {
  name: string;
  domain: string;
  readonly nodes: ScannedNode[];
}

export interface ScannedTensor {
  name: string;
  elementType: number;
  readonly dims: bigint[];
  /** Length of `raw_data`; undefined when there is none. */
  rawBytes: number | undefined;
  /** How many values there are in the typed fields: as varints are not counted, between these. */
  leastValues: number;
  mostValues: number;
  isExternal: boolean;
  readonly external: Map<string, string>;
  /** The values when they are 64-bit integers and few, else empty. */
  readonly ints: bigint[];
}

export interface ScannedSparseTensor {
  readonly dims: bigint[];
  readonly parts: ScannedTensor[];
}

export interface ScannedValue {
  name: string;
  /** A tensor with this element type; 0 for a sequence, map, optional or sparse tensor. */
  elementType: number;
  /** -1 is variable; undefined when even their number is. */
  shape: bigint[] | undefined;
}

/** Constants that are looked into have no more values than this: sizes, axes and counts. */
export const MAX_KEPT_VALUES = 32;

export const newGraph = (): ScannedGraph => ({
  nodes: [],
  initializers: [],
  sparseInitializers: [],
  inputs: [],
  outputs: [],
});
export const newNode = (): ScannedNode => ({ op: '', domain: '', inputs: [], outputs: [], attributes: [] });
export const newAttribute = (): ScannedAttribute => ({ name: '', ints: [], tensors: [], graphs: [] });
export const newTensor = (): ScannedTensor => ({
  name: '',
  elementType: 0,
  dims: [],
  rawBytes: undefined,
  leastValues: 0,
  mostValues: 0,
  isExternal: false,
  external: new Map(),
  ints: [],
});
