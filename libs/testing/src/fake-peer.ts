import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { handleUnaryCall } from '@grpc/grpc-js';
import { toDomainError } from '@aimass/platform-errors';
import { toGrpcError } from '@aimass/platform-grpc';
import type { GrpcHandlers, GrpcServiceDefinition } from '@aimass/platform-grpc';

/** A running stand-in of another service. */
export interface FakePeer {
  readonly address: string;
  stop(): void;
}

/** Serves the given unary rpcs of a service on a real port; the others answer UNIMPLEMENTED. */
export async function startFakePeer<S extends GrpcServiceDefinition>(
  definition: S,
  handlers: Partial<GrpcHandlers<S>>,
): Promise<FakePeer> {
  const server = new Server();
  const implementation: Record<string, handleUnaryCall<unknown, unknown>> = {};
  for (const [name, handler] of Object.entries(handlers)) {
    implementation[name] = (call, callback) => {
      (handler as (request: unknown) => Promise<unknown>)(call.request).then(
        (response) => callback(null, response),
        (error: unknown) => callback(toGrpcError(toDomainError(error))),
      );
    };
  }
  server.addService(definition, implementation);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return { address: `127.0.0.1:${port}`, stop: () => server.forceShutdown() };
}
