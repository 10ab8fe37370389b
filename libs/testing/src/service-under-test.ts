import 'reflect-metadata';
import type { DynamicModule, INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { GrpcErrorFilter, grpcClient, grpcServerOptions } from '@aimass/platform-grpc';
import type { GrpcClient, GrpcServiceDefinition } from '@aimass/platform-grpc';
import { pickFreePorts } from '@aimass/platform-embedded';

/** A service running in this process on a real gRPC port. */
export interface ServiceUnderTest<S> {
  readonly client: GrpcClient<S>;
  readonly address: string;
  readonly app: INestMicroservice;
  stop(): Promise<void>;
}

/** Starts a service's module behind real gRPC and returns a client of it. `others` are served at the same address. */
export async function startServiceUnderTest<S extends GrpcServiceDefinition>(
  definition: S,
  module: (grpcPort: number) => DynamicModule,
  others: readonly GrpcServiceDefinition[] = [],
): Promise<ServiceUnderTest<S>> {
  const [port] = await pickFreePorts(1);
  if (port === undefined) throw new Error('no free port');
  const address = `127.0.0.1:${port}`;
  const app = await NestFactory.createMicroservice(module(port), {
    ...grpcServerOptions(address, [definition, ...others]),
    logger: ['error'],
  });
  app.useGlobalFilters(new GrpcErrorFilter());
  await app.listen();
  const client = grpcClient(definition, { address, name: 'service under test' });
  const stop = async (): Promise<void> => {
    client.close();
    await app.close();
  };
  return { client, address, app, stop };
}
