import { Global, Module } from '@nestjs/common';
import { ModelLoader } from './model-loader.js';
import { ModelStore } from './model-store.js';

/** Loading and keeping model versions. */
@Global()
@Module({ providers: [ModelLoader, ModelStore], exports: [ModelStore] })
export class ModelsModule {}
