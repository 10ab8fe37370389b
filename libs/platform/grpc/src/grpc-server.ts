import { Transport } from '@nestjs/microservices';
import type { GrpcOptions } from '@nestjs/microservices';
import type { MethodDefinition } from '@grpc/grpc-js';
import type { GrpcServiceDefinition } from './service-types.js';

/** No message between services is larger than this; larger content travels through the blob store. */
export const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

/** Nest's gRPC transport over generated definitions, so that generated code is what encodes on both ends. */
export function grpcServerOptions(address: string, services: readonly GrpcServiceDefinition[]): GrpcOptions {
  const packages = new Set<string>();
  const packageDefinition: Record<string, Record<string, MethodDefinition<unknown, unknown>>> = {};
  for (const definition of services) {
    for (const method of Object.values(definition)) {
      const [service, rpc] = method.path.slice(1).split('/') as [string, string];
      packages.add(service.slice(0, service.lastIndexOf('.')));
      (packageDefinition[service] ??= {})[rpc] = method;
    }
  }
  return {
    transport: Transport.GRPC,
    options: {
      url: address,
      package: [...packages],
      packageDefinition,
      maxReceiveMessageLength: MAX_MESSAGE_BYTES,
      maxSendMessageLength: MAX_MESSAGE_BYTES,
      keepalive: { keepaliveTimeMs: 20_000, keepaliveTimeoutMs: 5_000, keepalivePermitWithoutCalls: 1 },
      gracefulShutdown: false,
    },
  };
}
