import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Contract } from '../contract.js';
import type { LinearRegressionHyperparameters } from './hyperparameters.js';
import type { Trial } from './selection.js';
import type { StandardSample } from './standardize.js';

const trialSchema = z.object({
  learningRate: z.number(),
  status: z.enum(['ok', 'diverged']),
  finalTrainLoss: z.number().nullable(),
  finalValidationLoss: z.number().nullable(),
  reason: z.string().exactOptional(),
  weights: z.object({ weights: z.array(z.number()), bias: z.number() }).exactOptional(),
  curve: z.array(z.object({ epoch: z.number(), train: z.number(), validation: z.number().exactOptional() })),
});
const stateSchema = z.object({
  version: z.literal(1),
  fingerprint: z.string(),
  trials: z.array(trialSchema),
});

/** Finished trials, kept for a restart of the same job on the same data. */
export class Checkpoint {
  constructor(
    private readonly contract: Contract,
    private readonly fingerprint: string,
  ) {}

  /** Trials of an earlier run; none when there is no checkpoint, or it belongs to other data or settings. */
  async load(): Promise<Trial[]> {
    try {
      const state = stateSchema.parse(JSON.parse(await readFile(this.contract.checkpointFile, 'utf8')));
      return state.fingerprint === this.fingerprint ? state.trials : [];
    } catch {
      return []; // absent, or written by something else: the trials are simply run
    }
  }

  async save(trials: Trial[]): Promise<void> {
    const state = { version: 1, fingerprint: this.fingerprint, trials };
    await this.contract.writeWhole(this.contract.checkpointFile, `${JSON.stringify(state)}\n`);
  }
}

/** Digest of all that decides how a trial ends. */
export function fingerprintOf(
  { epochs, seed, features, target }: LinearRegressionHyperparameters,
  samples: (StandardSample | undefined)[],
): string {
  const hash = createHash('sha256').update(JSON.stringify({ epochs, seed, features, target }));
  for (const sample of samples) {
    hash.update(`|${sample?.rows ?? 'absent'}|`);
    if (sample !== undefined) hash.update(sample.x).update(sample.y);
  }
  return hash.digest('hex');
}
