import type { Signature } from '../../tensors/signature.js';
import type { Tensor } from '../../tensors/tensor.js';
import type { EngineName, EngineSettings } from '../create-engine.js';
import type { RemoteError } from '../remote-error.js';
import type { WatchedSlot } from '../watchdog/watchdog.js';

/** What a lane is told at its start. */
export interface LaneData {
  readonly settings: EngineSettings;
}

/** A model for a lane. */
export interface LaneLoad {
  readonly engine: EngineName;
  readonly format: string;
  readonly signature: Signature;
  readonly files: readonly (readonly [string, Uint8Array])[];
  readonly place: WatchedSlot | undefined;
}

/** To a lane. `model` is a number that the sender chose; a load and a run are answered under their `call`. */
export type LaneRequest =
  | { readonly kind: 'load'; readonly call: number; readonly model: number; readonly load: LaneLoad }
  | {
      readonly kind: 'run';
      readonly call: number;
      readonly model: number;
      readonly inputs: readonly Tensor[];
    }
  | { readonly kind: 'dispose'; readonly model: number };

/** From a lane. A load is answered without outputs. */
export type LaneAnswer =
  | { readonly call: number; readonly outputs: readonly Tensor[] }
  | { readonly call: number; readonly error: RemoteError };
