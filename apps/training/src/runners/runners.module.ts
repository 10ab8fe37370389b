import { resolve } from 'node:path';
import { Module } from '@nestjs/common';
import type { BlobStore } from '@aimass/platform-blobs';
import { BLOBS, CONFIG } from '@aimass/platform-service';
import type { Config } from '../config.js';
import { ProcessRunner } from './process-runner.js';
import { RUNNER } from './runner.js';

@Module({
  providers: [
    {
      provide: RUNNER,
      inject: [CONFIG, BLOBS],
      useFactory: (config: Config, blobs: BlobStore) =>
        new ProcessRunner(blobs, {
          workDir: resolve(config.WORK_DIR),
          command: [process.execPath, resolve(config.BUILTIN_TRAINER)],
          tensorflowBackend: config.TENSORFLOW_BACKEND,
        }),
    },
  ],
  exports: [RUNNER],
})
export class RunnersModule {}
