import type { ParsedRequest } from './codec.js';

/** A valid inference request. */
export interface OipRestRequest extends ParsedRequest {
  /** Echoed when the caller gave one. */
  readonly id: string | undefined;
  /** Positions in the signature of the outputs asked for, in the caller's order. */
  readonly outputs: readonly number[];
  /** Of each of `outputs` whether it is sent as raw bytes; undefined when none is. */
  readonly binary: readonly boolean[] | undefined;
}
