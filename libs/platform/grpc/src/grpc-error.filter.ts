import { Catch, Logger } from '@nestjs/common';
import type { RpcExceptionFilter } from '@nestjs/common';
import { KINDS, toDomainError } from '@aimass/platform-errors';
import { throwError } from 'rxjs';
import type { Observable } from 'rxjs';
import { toGrpcError } from './error-transport.js';

/** Turns whatever a controller throws into a gRPC status, and logs unforeseen failures once, with their cause. */
@Catch()
export class GrpcErrorFilter implements RpcExceptionFilter {
  private readonly logger = new Logger('grpc');

  catch(thrown: unknown): Observable<never> {
    const error = toDomainError(thrown);
    if (KINDS[error.kind].log !== 'debug') this.logger[KINDS[error.kind].log](error.options.cause ?? error);
    return throwError(() => toGrpcError(error));
  }
}
