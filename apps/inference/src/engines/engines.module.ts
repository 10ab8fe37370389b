import { join } from 'node:path';
import { Global, Logger, Module } from '@nestjs/common';
import { CONFIG } from '@aimass/platform-service';
import { loadTensorflow } from '@aimass/platform-tensorflow';
import type { Config } from '../config.js';
import type { Engine } from './engine.js';
import { OnnxEngine } from './onnx/onnx-engine.js';
import { clearPrivateFolders } from './tensorflow/private-folder.js';
import { TensorflowEngine } from './tensorflow/tensorflow-engine.js';

/** Injection token of this replica's engines: `readonly Engine[]`. */
export const ENGINES = Symbol('ENGINES');

/** Loads the engines before the replica serves. */
@Global()
@Module({
  providers: [{ provide: ENGINES, inject: [CONFIG], useFactory: loadEngines }],
  exports: [ENGINES],
})
export class EnginesModule {}

async function loadEngines(config: Config): Promise<readonly Engine[]> {
  const logger = new Logger('engines');
  const log = { info: (text: string) => logger.log(text), warn: (text: string) => logger.warn(text) };
  const preference = config.TENSORFLOW_BACKEND;
  const runtime = await loadTensorflow({ log, ...(preference === 'auto' ? {} : { prefer: preference }) });
  const workFolder = join(config.CACHE_DIR, 'saved-models');
  await clearPrivateFolders(workFolder);
  return [new OnnxEngine({ threads: config.ONNX_THREADS }), new TensorflowEngine(runtime, { workFolder })];
}
