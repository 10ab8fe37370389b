import { Catch, Logger } from '@nestjs/common';
import type { RpcExceptionFilter } from '@nestjs/common';
import { KINDS, toDomainError } from '@aimass/platform-errors';
import type { DomainError } from '@aimass/platform-errors';
import { throwError } from 'rxjs';
import type { Observable } from 'rxjs';
import { toGrpcError } from './error-transport.js';

/** Turns whatever a controller throws into a gRPC status, and logs unforeseen failures once, with their cause. */
@Catch()
export class GrpcErrorFilter implements RpcExceptionFilter {
  private readonly logger = new Logger('grpc');

  catch(thrown: unknown): Observable<never> {
    const error = toDomainError(thrown);
    logFailure(this.logger, error);
    return throwError(() => toGrpcError(error));
  }
}

/** Logs a failure that an operator should know of; the others are the caller's. */
export function logFailure(logger: Logger, error: DomainError): void {
  const level = KINDS[error.kind].log;
  if (level !== 'debug') logger[level](error.options.cause ?? error);
}
