export { fromGrpcError, toGrpcError } from './error-transport.js';
export { FrameStream } from './frame-stream.js';
export type { FrameCodec, FrameCodecs } from './frame-stream.js';
export { GrpcController } from './grpc-controller.js';
export { GrpcErrorFilter } from './grpc-error.filter.js';
export { grpcServerOptions, MAX_MESSAGE_BYTES } from './grpc-server.js';
export { grpcClient } from './grpc-client.js';
export type { GrpcClientOptions } from './grpc-client.js';
export type {
  CallOptions,
  GrpcClient,
  GrpcHandlers,
  GrpcServiceDefinition,
  UnaryContext,
} from './service-types.js';
