import { status } from '@grpc/grpc-js';

/** A refusal with a message for the caller: `{"error": "…"}` over REST, a status with details over gRPC. */
export class OipError extends Error {
  override readonly name = 'OipError';

  constructor(
    /** The HTTP status; `grpcStatusOf` has the other. */
    readonly status: number,
    message: string,
    /** Seconds after which a new try makes sense. */
    readonly retryAfter?: number,
  ) {
    super(message);
  }
}

/** The one table HTTP status → gRPC status of this protocol. */
const GRPC_STATUS: Readonly<Record<number, status>> = {
  200: status.OK,
  400: status.INVALID_ARGUMENT,
  401: status.UNAUTHENTICATED,
  403: status.PERMISSION_DENIED,
  404: status.NOT_FOUND,
  405: status.UNIMPLEMENTED,
  408: status.DEADLINE_EXCEEDED,
  409: status.ALREADY_EXISTS,
  412: status.FAILED_PRECONDITION,
  413: status.RESOURCE_EXHAUSTED,
  429: status.RESOURCE_EXHAUSTED,
  499: status.CANCELLED,
  500: status.INTERNAL,
  501: status.UNIMPLEMENTED,
  502: status.UNAVAILABLE,
  503: status.UNAVAILABLE,
  504: status.DEADLINE_EXCEEDED,
};

/** The gRPC status that an HTTP status stands for; other 4xx are INVALID_ARGUMENT, other 5xx INTERNAL. */
export function grpcStatusOf(httpStatus: number): status {
  const known = GRPC_STATUS[httpStatus];
  if (known !== undefined) return known;
  return httpStatus >= 400 && httpStatus < 500 ? status.INVALID_ARGUMENT : status.INTERNAL;
}

/** What the caller may be told of any failure; ours are reported to `onError` and not described. */
export function toOipError(error: unknown, onError: (error: unknown) => void): OipError {
  if (error instanceof OipError) return error;
  onError(error);
  return new OipError(500, 'Something went wrong on our side. Please try again.');
}
