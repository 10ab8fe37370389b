import type { InputTensor, Tensor } from '../tensors/tensor.js';

/** A body as the data plane carries it. */
export interface EncodedBody {
  readonly body: Buffer;
  /** Length of the JSON at the start of the body when raw tensors follow it; undefined when there are none. */
  readonly jsonLength: number | undefined;
}

/** A valid request of a protocol, ready to be batched. Codecs keep what they need for the answer in it. */
export interface ParsedRequest {
  /** In the order of the signature. */
  readonly inputs: readonly InputTensor[];
  /** How many rows it holds; 1 when the model has no row dimension. */
  readonly rows: number;
  /** The caller's wish, 1 (first) to 9; 0 when there is none. */
  readonly priority: number;
  /** How long the caller wants to wait at most, in milliseconds, when the body says so. */
  readonly timeoutMs: number | undefined;
}

/**
 * One protocol's bodies for one model version: a body to validated tensors, result tensors to a body. One codec is made
 * per version and protocol and used for all its calls.
 */
export interface ProtocolCodec<Request extends ParsedRequest = ParsedRequest> {
  /** Parses and validates a body. Throws DomainError `invalid` that says what to change. */
  parse(encoded: EncodedBody): Request;
  /**
   * The answer's body. With rows, `tensors` may hold those of other requests too: this one's start at `firstRow`. Throws
   * DomainError `internal` when a value cannot be written in the form that was asked for.
   */
  encode(request: Request, modelName: string, tensors: readonly Tensor[], firstRow: number): EncodedBody;
}
