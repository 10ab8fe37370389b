export { BLOBS, BlobsModule } from './blobs.module.js';
export { CONFIG, ConfigModule } from './config.module.js';
export { announceReady, superviseProcess } from './lifecycle.js';
export { createLogger, NestLogger } from './logger.js';
export { PeersModule } from './peers.module.js';
export type { Peer } from './peers.module.js';
export { readConfig, runService } from './run-service.js';
export type { ServiceConfig, ServiceDefinition } from './run-service.js';
