import type { Signature } from '../../tensors/signature.js';
import type { EngineName, EngineSettings } from '../create-engine.js';
import type { RemoteError } from '../remote-error.js';

/** What is tried, apart from the bytes of the files, which follow in this order. */
export interface TrialHeader {
  readonly engine: EngineName;
  readonly format: string;
  readonly signature: Signature;
  readonly settings: EngineSettings;
  readonly maxRows: number;
  readonly files: readonly { readonly path: string; readonly sizeBytes: number }[];
}

/** What the process that tries it says, when it comes to say anything. */
export type TrialAnswer =
  | { readonly kind: 'ready'; readonly rssBytes: number }
  | { readonly kind: 'passed'; readonly runMs: number; readonly peakBytes: number }
  | { readonly kind: 'failed'; readonly error: RemoteError };
