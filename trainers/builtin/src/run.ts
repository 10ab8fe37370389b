import type { TensorflowBackend } from './config.js';
import type { Contract } from './contract.js';
import { trainLinearRegression } from './linear-regression/train.js';
import { Progress } from './progress.js';
import type { TrainingContext } from './training-context.js';
import { TrainingFailure } from './training-failure.js';

type Algorithm = (context: TrainingContext) => Promise<void>;

const ALGORITHMS: Record<string, Algorithm> = { 'linear-regression': trainLinearRegression };

/** Runs one job to its end and resolves to the exit code; a failure is explained in `output/failure`. */
export async function run(contract: Contract, backend: TensorflowBackend): Promise<number> {
  const progress = new Progress();
  try {
    progress.progress(0);
    contract.removeModel();
    const hyperparameters = await contract.hyperparameters();
    await algorithmOf(hyperparameters)({ contract, progress, hyperparameters, backend });
    progress.progress(1);
    return 0;
  } catch (error) {
    contract.removeModel();
    const message = error instanceof TrainingFailure ? error.message : `Unexpected error: ${String(error)}`;
    if (!(error instanceof TrainingFailure) && error instanceof Error) progress.warn(error.stack ?? '');
    progress.info(`failed: ${message}`);
    await contract.writeFailure(message);
    return 1;
  }
}

function algorithmOf(hyperparameters: Record<string, string>): Algorithm {
  const name = hyperparameters.algorithm ?? '';
  const algorithm = Object.hasOwn(ALGORITHMS, name) ? ALGORITHMS[name] : undefined;
  if (algorithm !== undefined) return algorithm;
  const known = Object.keys(ALGORITHMS).join(', ');
  throw new TrainingFailure(
    `Unknown algorithm "${name}". Set the hyperparameter "algorithm" to one of: ${known}.`,
  );
}
