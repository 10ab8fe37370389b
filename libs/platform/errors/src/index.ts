export { DomainError, toDomainError, unexpected } from './domain-error.js';
export type { ErrorKind, Violation } from './domain-error.js';
export { KINDS, kindOfGrpcStatus } from './kinds.js';
export { toProblem } from './problem.js';
export type { Problem } from './problem.js';
