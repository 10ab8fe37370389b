import { Global, Module } from '@nestjs/common';
import { CONFIG } from '@aimass/platform-service';
import type { Config } from '../config.js';
import { CrashWatch } from './crashes/crash-watch.js';
import { ModelMemory } from './memory/model-memory.js';
import { ModelLoader } from './model-loader.js';
import { ModelStore } from './model-store.js';

/** Loading and keeping model versions. */
@Global()
@Module({
  providers: [
    ModelLoader,
    ModelMemory,
    ModelStore,
    // What ended the last process is on disk before anything is loaded.
    {
      provide: CrashWatch,
      inject: [CONFIG],
      useFactory: (config: Config) => CrashWatch.open(config.CACHE_DIR),
    },
  ],
  exports: [ModelStore],
})
export class ModelsModule {}
