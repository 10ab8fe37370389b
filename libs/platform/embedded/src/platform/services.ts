/** The services of the platform, and what each is told through its environment. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** One service: its folder in apps/, its database if it has one, and the variable that tells its peers where it is. */
export interface ServiceDefinition {
  name: ServiceName;
  database?: string;
  urlVariable: string;
}

export const SERVICES = [
  { name: 'gateway', database: 'gateway', urlVariable: 'GATEWAY_URL' },
  { name: 'data-sources', database: 'data_sources', urlVariable: 'DATA_SOURCES_URL' },
  { name: 'training', database: 'training', urlVariable: 'TRAINING_URL' },
  { name: 'model-registry', database: 'model_registry', urlVariable: 'MODEL_REGISTRY_URL' },
  { name: 'inference', urlVariable: 'INFERENCE_URL' },
  { name: 'traffic-control', database: 'traffic_control', urlVariable: 'TRAFFIC_CONTROL_URL' },
  { name: 'marketplace', database: 'marketplace', urlVariable: 'MARKETPLACE_URL' },
] as const;

export type ServiceName = (typeof SERVICES)[number]['name'];

/** The gateway first: it stops taking requests before those who answer them go away. */
export function stopOrder(replicas: readonly string[]): string[][] {
  return [
    ['gateway'],
    [...replicas, 'training'],
    ['data-sources', 'model-registry', 'traffic-control', 'marketplace'],
  ];
}

export const DATABASES = SERVICES.flatMap((service) => ('database' in service ? [service.database] : []));

/** Where one inference replica listens. */
export interface ReplicaPorts {
  grpcPort: number;
  httpPort: number;
}

/** What the environments are made of. */
export interface ServiceSetting {
  home: string;
  root: string;
  natsUrl: string;
  databaseUrl: (database: string) => string;
  /** Internal gRPC port of each service. */
  grpcPorts: Record<ServiceName, number>;
  /** The gateway's. */
  httpPort: number;
  /** Of the replica that runs as the service `inference`. */
  firstReplica: ReplicaPorts;
  adminKey: string;
  /** What data-sources encrypts credentials with; nobody else gets it. */
  secretsKeys: string;
  logLevel: string;
  /** What the processes inherit (PATH and the like). */
  inherited: NodeJS.ProcessEnv;
  /** Wins over everything else. */
  extra: Record<string, string>;
}

/** The whole environment of one service. */
export function serviceEnvironment(service: ServiceDefinition, setting: ServiceSetting): NodeJS.ProcessEnv {
  const { home, grpcPorts } = setting;
  const peers = SERVICES.map(
    ({ name, urlVariable }) => [urlVariable, `127.0.0.1:${grpcPorts[name]}`] as const,
  );
  return {
    ...setting.inherited,
    SERVICE_NAME: service.name,
    GRPC_PORT: String(grpcPorts[service.name]),
    NATS_URL: setting.natsUrl,
    BLOB_DIR: join(home, 'blobs'),
    HOME_DIR: home,
    LOG_LEVEL: setting.logLevel,
    ...Object.fromEntries(peers),
    ...(service.database !== undefined && { DATABASE_URL: setting.databaseUrl(service.database) }),
    ...ownEnvironment(service.name, setting),
    ...setting.extra,
  };
}

/** The whole environment of an inference replica beside the first one. */
export function replicaEnvironment(
  name: string,
  { grpcPort, httpPort }: ReplicaPorts,
  setting: ServiceSetting,
): NodeJS.ProcessEnv {
  const inference = SERVICES.find((service) => service.name === 'inference') as ServiceDefinition;
  return {
    ...serviceEnvironment(inference, setting),
    SERVICE_NAME: name,
    GRPC_PORT: String(grpcPort),
    ...replicaFolders(name, httpPort, setting.home),
  };
}

/** One folder per replica: what a replica keeps there is about its own process. */
function replicaFolders(name: string, httpPort: number, home: string): Record<string, string> {
  return { CACHE_DIR: join(home, 'cache', name), HTTP_PORT: String(httpPort) };
}

function ownEnvironment(
  name: ServiceName,
  { home, root, httpPort, adminKey, secretsKeys, firstReplica }: ServiceSetting,
): Record<string, string> {
  switch (name) {
    case 'gateway':
      return {
        HTTP_PORT: String(httpPort),
        HTTP_HOST: '127.0.0.1',
        ADMIN_KEY: adminKey,
        SPOOL_DIR: join(home, 'spool'),
      };
    case 'data-sources':
      return { SECRETS_KEYS: secretsKeys };
    case 'inference':
      return replicaFolders(name, firstReplica.httpPort, home);
    case 'training':
      return {
        WORK_DIR: join(home, 'training'),
        BUILTIN_TRAINER: join(root, 'trainers/builtin/dist/main.js'),
      };
    default:
      return {};
  }
}

/** The folder of the repository: the first one upwards from here that holds nx.json. */
export function findRepositoryRoot(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'nx.json'))) return folder;
    if (folder === dirname(folder))
      throw new Error('The platform runs from a checkout of its repository: nx.json was not found.');
  }
}

/** @throws Error that says what to run when a service has not been built. */
export function assertBuilt(root: string): void {
  const missing = SERVICES.filter(({ name }) => !existsSync(serviceEntry(root, name))).map(
    ({ name }) => name,
  );
  if (missing.length > 0)
    throw new Error(`Not built yet: ${missing.join(', ')}. Run \`npm run build\` first.`);
}

/** The file that runs a service. */
export function serviceEntry(root: string, name: ServiceName): string {
  return join(root, 'apps', name, 'dist', 'main.js');
}
