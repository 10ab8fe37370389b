/** What is kept of a TensorFlow graph: which operators there are and what leads to what. */
export interface TfNode {
  name: string;
  op: string;
  /** `node`, `node:0`, `node:output:0`, or `^node` for order only. */
  readonly inputs: string[];
  /** Functions that it may call. */
  readonly calls: string[];
  /** Texts of the attributes that are looked into. */
  readonly texts: Map<string, string>;
}

export interface TfFunction {
  name: string;
  readonly nodes: TfNode[];
}

export interface TfTensor {
  /** Key in the signature. */
  key: string;
  /** `node:0` in the graph. */
  name: string;
  elementType: number;
  /** undefined when not even the rank is known. */
  shape: bigint[] | undefined;
}

export interface TfSignature {
  key: string;
  readonly inputs: TfTensor[];
  readonly outputs: TfTensor[];
}

export interface MetaGraph {
  readonly tags: string[];
  readonly nodes: TfNode[];
  readonly functions: TfFunction[];
  readonly signatures: TfSignature[];
  /** Names of the node that TensorFlow runs to restore the variables, and of the tensor it is told the file by. */
  restoreOp: string;
  filenameTensor: string;
  readonly assetFiles: string[];
  /** Nodes that collections name, such as those to run when the model is loaded. */
  readonly collected: string[];
}
