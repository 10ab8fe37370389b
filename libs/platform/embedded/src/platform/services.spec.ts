import { expect, it } from 'vitest';
import {
  DATABASES,
  replicaEnvironment,
  serviceEnvironment,
  SERVICES,
  stopOrder,
  type ServiceSetting,
} from './services.js';

const grpcPorts = Object.fromEntries(
  SERVICES.map(({ name }, index) => [name, 9000 + index]),
) as ServiceSetting['grpcPorts'];
const setting: ServiceSetting = {
  home: '/home/x',
  root: '/repo',
  natsUrl: 'nats://127.0.0.1:4222',
  databaseUrl: (database) => `postgres://127.0.0.1/${database}`,
  grpcPorts,
  httpPort: 8080,
  firstReplica: { grpcPort: grpcPorts.inference, httpPort: 8081 },
  adminKey: 'am_key',
  secretsKeys: 'key-1:abc',
  logLevel: 'info',
  inherited: { PATH: '/bin', GRPC_PORT: '1' },
  extra: { LOG_LEVEL: 'debug' },
};

function environmentOf(name: string): NodeJS.ProcessEnv {
  const service = SERVICES.find((each) => each.name === name);
  return service ? serviceEnvironment(service, setting) : {};
}

it('gives every service its port, its peers and its database', () => {
  expect(environmentOf('training')).toMatchObject({
    PATH: '/bin',
    SERVICE_NAME: 'training',
    GRPC_PORT: String(grpcPorts.training),
    MODEL_REGISTRY_URL: `127.0.0.1:${grpcPorts['model-registry']}`,
    DATABASE_URL: 'postgres://127.0.0.1/training',
    BLOB_DIR: '/home/x/blobs',
    WORK_DIR: '/home/x/training',
    BUILTIN_TRAINER: '/repo/trainers/builtin/dist/main.js',
    LOG_LEVEL: 'debug',
  });
});

it('gives the admin key to the gateway only, and no database to inference', () => {
  const holders = SERVICES.filter(({ name }) => 'ADMIN_KEY' in environmentOf(name)).map(({ name }) => name);
  expect(holders).toEqual(['gateway']);
  expect(environmentOf('inference')).not.toHaveProperty('DATABASE_URL');
  expect(DATABASES).toHaveLength(6);
});

it('gives every replica ports and a folder of its own', () => {
  expect(environmentOf('inference')).toMatchObject({
    HTTP_PORT: '8081',
    CACHE_DIR: '/home/x/cache/inference',
  });
  expect(replicaEnvironment('inference-2', { grpcPort: 7001, httpPort: 7002 }, setting)).toMatchObject({
    SERVICE_NAME: 'inference-2',
    GRPC_PORT: '7001',
    HTTP_PORT: '7002',
    CACHE_DIR: '/home/x/cache/inference-2',
    BLOB_DIR: '/home/x/blobs',
  });
});

it('stops every service and replica exactly once', () => {
  const stopped = stopOrder(['inference', 'inference-2']).flat();
  expect(stopped.sort()).toEqual([...SERVICES.map(({ name }) => name), 'inference-2'].sort());
});

it('gives the keys of secrets to the service that encrypts, and to nobody else', () => {
  const holders = SERVICES.filter(({ name }) => JSON.stringify(environmentOf(name)).includes('key-1:abc'));
  expect(holders.map(({ name }) => name)).toEqual(['data-sources']);
});
