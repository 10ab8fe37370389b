import 'reflect-metadata';
import type { DynamicModule, INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ConfigError, loadConfig, type serviceEnv } from '@aimass/platform-config';
import { GrpcErrorFilter, grpcServerOptions } from '@aimass/platform-grpc';
import type { GrpcServiceDefinition } from '@aimass/platform-grpc';
import { type z } from 'zod';
import { announceReady, superviseProcess } from './lifecycle.js';
import { createLogger, NestLogger } from './logger.js';

/** Every service's configuration has at least these. */
export type ServiceConfig = z.infer<z.ZodObject<ReturnType<typeof serviceEnv>>>;

/** What makes a process a service. */
export interface ServiceDefinition<C extends ServiceConfig> {
  /** As in apps/: `training`. */
  readonly name: string;
  readonly configSchema: z.ZodObject & { readonly _output: C };
  readonly module: (config: Readonly<C>) => DynamicModule;
  /** The gRPC services whose controllers the module holds. */
  readonly grpc: readonly GrpcServiceDefinition[];
  /** Finishes what was accepted, before the connections are cut. */
  readonly drain?: (app: INestMicroservice) => Promise<void>;
}

/**
 * Runs a gRPC service until it is told to stop. `--check-config` only checks the environment. A wrong configuration or
 * a failed start ends the process with code 1 and a message that says why.
 */
export async function runService<C extends ServiceConfig>(definition: ServiceDefinition<C>): Promise<void> {
  const config = readConfig(definition.configSchema);
  const logger = createLogger(definition.name, config.LOG_LEVEL);
  try {
    const app = await NestFactory.createMicroservice(definition.module(config), {
      ...grpcServerOptions(`${config.GRPC_HOST}:${config.GRPC_PORT}`, definition.grpc),
      logger: new NestLogger(logger),
    });
    app.useGlobalFilters(new GrpcErrorFilter());
    superviseProcess(app, logger, () => definition.drain?.(app) ?? Promise.resolve());
    await app.listen();
    logger.info(`serving gRPC on ${config.GRPC_HOST}:${config.GRPC_PORT}`);
    announceReady();
  } catch (error) {
    logger.fatal({ err: error }, 'start failed');
    process.exit(1);
  }
}

/** Reads a service's configuration; ends the process when it is wrong or when only a check was asked for. */
export function readConfig<C>(schema: z.ZodObject & { readonly _output: C }): Readonly<C> {
  try {
    const config = loadConfig(schema) as Readonly<C>;
    if (process.argv.includes('--check-config')) process.exit(0);
    return config;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}
