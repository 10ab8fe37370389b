import { loadConfig } from '@aimass/platform-config';
import { configSchema } from './config.js';
import { Contract } from './contract.js';
import { stopOnSignals, survivesClosedOutput } from './process-life.js';

const config = loadConfig(configSchema);
const contract = new Contract(config.AIMASS_ML_ROOT);
stopOnSignals(contract);
survivesClosedOutput();
// Imported late: TensorFlow and DuckDB take a second to load, and a cancel must work from the start.
const { run } = await import('./run.js');
process.exit(await run(contract, config.TENSORFLOW_BACKEND));
