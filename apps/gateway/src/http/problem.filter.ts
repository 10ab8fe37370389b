import { Catch, HttpException, Logger } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { DomainError, KINDS, toDomainError, toProblem } from '@aimass/platform-errors';
import type { ErrorKind } from '@aimass/platform-errors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { throwError } from 'rxjs';

/** What Nest and Fastify throw by themselves, by HTTP status. */
const BY_STATUS: Readonly<Record<number, { kind: ErrorKind; code: string; message: string }>> = {
  400: { kind: 'invalid', code: 'request_invalid', message: 'The request could not be read.' },
  404: {
    kind: 'not_found',
    code: 'route_not_found',
    message: 'There is no such route. See /docs for those there are.',
  },
  413: { kind: 'too_large', code: 'body_too_large', message: 'The body is larger than this route accepts.' },
  415: {
    kind: 'unsupported_media',
    code: 'media_type_unsupported',
    message: 'Send the body as application/json.',
  },
};

/** Every failure of a control route as problem+json; unforeseen ones are logged once, with their cause. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('http');

  catch(thrown: unknown, host: ArgumentsHost): unknown {
    const error = asDomainError(thrown);
    if (KINDS[error.kind].log !== 'debug') this.logger[KINDS[error.kind].log](error.options.cause ?? error);
    if (host.getType() !== 'http') return throwError(() => error);
    const http = host.switchToHttp();
    sendProblem(http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>(), error);
    return undefined;
  }
}

/** Answers with a problem document, unless an answer is already on its way. */
export function sendProblem(request: FastifyRequest, reply: FastifyReply, error: DomainError): void {
  if (reply.sent) return;
  const problem = toProblem(error, request.id);
  if (error.kind === 'unauthenticated') reply.header('www-authenticate', 'Bearer realm="aimass"');
  if (error.kind === 'unavailable') reply.header('retry-after', '1');
  reply
    .status(problem.status)
    .header('content-type', 'application/problem+json')
    .send(JSON.stringify(problem));
}

function asDomainError(thrown: unknown): DomainError {
  if (thrown instanceof DomainError) return thrown;
  const status = statusOf(thrown);
  const known = status === undefined ? undefined : BY_STATUS[status];
  if (!known) return toDomainError(thrown);
  const detail =
    status === 400 && thrown instanceof Error ? `${known.message} ${thrown.message}` : known.message;
  return new DomainError(known.kind, known.code, detail);
}

/** Fastify's own errors carry `statusCode`, Nest's `getStatus()`. */
function statusOf(thrown: unknown): number | undefined {
  if (thrown instanceof HttpException) return thrown.getStatus();
  if (thrown instanceof Error && 'statusCode' in thrown && typeof thrown.statusCode === 'number')
    return thrown.statusCode;
  return undefined;
}
