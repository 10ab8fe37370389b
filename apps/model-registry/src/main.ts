import { modelRegistry } from '@aimass/contracts';
import { runService } from '@aimass/platform-service';
import { AppModule } from './app.module.js';
import { configSchema } from './config.js';

await runService({
  name: 'model-registry',
  configSchema,
  module: (config) => AppModule.with(config),
  grpc: [modelRegistry.ModelRegistryServiceService],
});
