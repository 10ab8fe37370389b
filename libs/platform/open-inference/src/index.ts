export type {
  InferEncoding,
  InferHandle,
  InferRequest,
  InferResult,
  InferSink,
  OipBackend,
  OipOptions,
} from './backend.js';
export type {
  ModelConfigDescription,
  ModelDescription,
  ModelIndexEntry,
  ModelStatistics,
  ServerDescription,
  TensorDescription,
} from './descriptions.js';
export { grpcStatusOf, OipError, toOipError } from './oip-error.js';
export { platformOf } from './platform-of.js';
export { OipGrpcServer } from './grpc/oip-grpc-server.js';
export { registerOipRoutes } from './rest/oip-routes.js';
export { SharedPort } from './shared-port.js';
export type { PortTimeouts } from './shared-port.js';
export { ReceiveTimeout } from './rest/receive-timeout.js';
