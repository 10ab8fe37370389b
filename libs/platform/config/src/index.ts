export { ConfigError, childEnvironment, loadConfig } from './load-config.js';
export { blobsEnv, natsEnv, peerEnv, postgresEnv, serviceEnv } from './groups.js';
