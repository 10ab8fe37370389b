import { trafficControl } from '@aimass/contracts';
import { runService } from '@aimass/platform-service';
import { AppModule } from './app.module.js';
import { configSchema } from './config.js';

await runService({
  name: 'traffic-control',
  configSchema,
  module: (config) => AppModule.with(config),
  grpc: [trafficControl.TrafficControlServiceService],
});
