import { announceReady, createLogger, readConfig, superviseProcess } from '@aimass/platform-service';
import { configSchema } from './config.js';
import { createGateway } from './gateway.js';

const config = readConfig(configSchema);
const logger = createLogger('gateway', config.LOG_LEVEL);
try {
  const app = await createGateway(config, logger);
  superviseProcess(app, logger);
  await app.listen(config.HTTP_PORT, config.HTTP_HOST);
  logger.info(`serving HTTP on ${config.HTTP_HOST}:${config.HTTP_PORT}`);
  announceReady();
} catch (error) {
  logger.fatal({ err: error }, 'start failed');
  process.exit(1);
}
