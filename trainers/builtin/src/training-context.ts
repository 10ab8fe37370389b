import type { TensorflowBackend } from './config.js';
import type { Contract } from './contract.js';
import type { Progress } from './progress.js';

/** What an algorithm gets: its input and output folders, the way to report, and the settings of this job. */
export interface TrainingContext {
  contract: Contract;
  progress: Progress;
  hyperparameters: Record<string, string>;
  backend: TensorflowBackend;
}
