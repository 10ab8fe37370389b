import { inference, replica } from '@aimass/contracts';
import { runService } from '@aimass/platform-service';
import { AppModule } from './app.module.js';
import { configSchema } from './config.js';
import { DataPlaneService } from './data-plane/data-plane.service.js';

await runService({
  name: 'inference',
  configSchema,
  module: (config) => AppModule.with(config),
  grpc: [inference.DataPlaneServiceService, replica.ReplicaServiceService],
  drain: (app) => app.get(DataPlaneService).drain(),
});
