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
