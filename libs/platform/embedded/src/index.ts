export {
  defaultCacheDir,
  findNatsServer,
  type FindNatsOptions,
  type NatsBinary,
} from './nats/find-nats-server.js';
export type { InstallWayName } from './nats/install-nats-server.js';
export { NATS_FLOOR, NATS_PINNED } from './nats/nats-version.js';
export { startNatsServer, type NatsServer, type NatsServerOptions } from './nats/start-nats-server.js';
export { generateAdminKey } from './platform/admin-key.js';
export { startPlatform, type PlatformOptions, type RunningPlatform } from './platform/platform.js';
export type { RunningReplica } from './platform/replicas.js';
export { startServers, type RunningServers, type ServersOptions } from './platform/servers.js';
export { DATABASES, findRepositoryRoot, SERVICES, type ServiceName } from './platform/services.js';
export {
  startEmbeddedPostgres,
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
} from './postgres/embedded-postgres.js';
export { assertPortFree, pickFreePorts } from './process/ports.js';
export type { ProcessExit, ReadyMessage, ServiceSpec } from './supervisor/service-process.js';
export { Supervisor, type SupervisorEvent, type SupervisorOptions } from './supervisor/supervisor.js';
