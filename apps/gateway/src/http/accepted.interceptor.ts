import { Injectable } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { map } from 'rxjs';
import type { Observable } from 'rxjs';

/** What a route with an `accepted` answer returns when the work goes on: the answer is 202 and says where to look. */
export class Accepted {
  constructor(
    /** The answer's JSON. */
    readonly json: unknown,
    /** Path of the resource that tells how the work goes on. */
    readonly location: string,
  ) {}
}

/** Answers 202 with a `Location` when a route returns Accepted. */
@Injectable()
export class AcceptedInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(
      map((result: unknown) => {
        if (!(result instanceof Accepted)) return result;
        const reply = context.switchToHttp().getResponse<FastifyReply>();
        reply.status(202).header('location', result.location);
        return result.json;
      }),
    );
  }
}
