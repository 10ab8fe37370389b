import { join } from 'node:path';
import { Global, Logger, Module } from '@nestjs/common';
import { CONFIG } from '@aimass/platform-service';
import type { Config } from '../config.js';
import { defaultMemoryBudget } from '../models/memory/memory-budget.js';
import { createEngine, ENGINE_NAMES } from './create-engine.js';
import type { EngineSettings } from './create-engine.js';
import type { Engine } from './engine.js';
import { EngineRoom } from './engine-room.js';
import { LanePool } from './lanes/lane-pool.js';
import { Trials } from './trial/trials.js';
import { Watchdog } from './watchdog/watchdog.js';
import { createWorkFolder } from './work-folder.js';

/** Injection token of this replica's engines: `readonly Engine[]`. */
export const ENGINES = Symbol('ENGINES');
/** Injection token of what they are made from: `EngineSettings`. */
const ENGINE_SETTINGS = Symbol('ENGINE_SETTINGS');

/** Loads the engines before the replica serves. */
@Global()
@Module({
  providers: [
    { provide: ENGINE_SETTINGS, inject: [CONFIG], useFactory: settingsOf },
    { provide: ENGINES, inject: [ENGINE_SETTINGS], useFactory: loadEngines },
    { provide: EngineRoom, inject: [CONFIG, ENGINE_SETTINGS], useFactory: furnish },
  ],
  exports: [ENGINES, EngineRoom],
})
export class EnginesModule {}

async function settingsOf(config: Config): Promise<EngineSettings> {
  return {
    onnxThreads: config.ONNX_THREADS,
    tensorflowBackend: config.TENSORFLOW_BACKEND,
    workFolder: await createWorkFolder(config.CACHE_DIR),
  };
}

async function loadEngines(settings: EngineSettings): Promise<readonly Engine[]> {
  const logger = new Logger('engines');
  const log = { info: (text: string) => logger.log(text), warn: (text: string) => logger.warn(text) };
  return Promise.all(ENGINE_NAMES.map((name) => createEngine(name, settings, log)));
}

function furnish(config: Config, settings: EngineSettings): EngineRoom {
  const watchdog = new Watchdog(config.RUN_LIMIT_SECONDS);
  // Only engines that may live in several threads get there, and the native TensorFlow is none of them.
  const laneSettings = { ...settings, tensorflowBackend: 'tfjs' as const };
  const trials = new Trials(join(config.CACHE_DIR, 'trials'), {
    seconds: config.TRIAL_SECONDS,
    memoryBytes: config.MEMORY_BUDGET_BYTES ?? defaultMemoryBudget(),
  });
  return new EngineRoom({
    settings,
    watchdog,
    slowRunMs: config.SLOW_RUN_MS,
    lanes: new LanePool({ settings: laneSettings, lanes: config.SLOW_LANES, watchdog }),
    ...(config.TRIAL_LOADS ? { trials } : {}),
  });
}
