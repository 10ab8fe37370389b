import { training } from '@aimass/contracts';
import { runService } from '@aimass/platform-service';
import { AppModule } from './app.module.js';
import { configSchema } from './config.js';

await runService({
  name: 'training',
  configSchema,
  module: (config) => AppModule.with(config),
  grpc: [training.TrainingServiceService],
});
