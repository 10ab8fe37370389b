import { z } from 'zod';

const port = z.coerce.number().int().min(1).max(65535);

/** What every service needs. */
export function serviceEnv() {
  return {
    /** Port of the internal gRPC server; it binds to `GRPC_HOST`. */
    GRPC_PORT: port.describe('port of the internal gRPC server'),
    GRPC_HOST: z.string().default('127.0.0.1').describe('address the internal gRPC server binds to'),
    LOG_LEVEL: z
      .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
      .default('info')
      .describe('log level'),
  };
}

/** For services that talk events, KV or notices. */
export function natsEnv() {
  return {
    NATS_URL: z.string().min(1).describe('NATS server with JetStream, for example nats://127.0.0.1:4222'),
  };
}

/** For services with a database of their own. */
export function postgresEnv() {
  return {
    DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).describe('the database of this service'),
    DATABASE_POOL_SIZE: z.coerce
      .number()
      .int()
      .min(1)
      .max(100)
      .default(8)
      .describe('connections kept at most'),
  };
}

/** For services that read or write blobs. */
export function blobsEnv() {
  return { BLOB_DIR: z.string().min(1).describe('folder of the filesystem blob store') };
}

/** gRPC address of another service, for example `DATA_SOURCES_URL`. */
export function peerEnv<const K extends string>(name: K) {
  return {
    [name]: z
      .string()
      .regex(/^[^\s/]+:\d+$/, 'host:port')
      .describe('gRPC address'),
  } as Record<K, z.ZodString>;
}
