import { Controller } from '@nestjs/common';
import { GrpcMethod, GrpcStreamCall } from '@nestjs/microservices';
import type { MethodDefinition, sendUnaryData, ServerReadableStream, ServiceError } from '@grpc/grpc-js';
import { toDomainError } from '@aimass/platform-errors';
import { from } from 'rxjs';
import { toGrpcError } from './error-transport.js';
import type { GrpcServiceDefinition } from './service-types.js';

/**
 * Makes a class the controller of a generated service: every rpc is bound to the method of its name. A missing method
 * stops the process at start. Pair it with `implements GrpcHandlers<typeof XService>`.
 */
export function GrpcController(definition: GrpcServiceDefinition): ClassDecorator {
  return (target) => {
    Controller()(target);
    const prototype = target.prototype as Record<string, unknown>;
    for (const [name, method] of Object.entries(definition)) bindMethod(prototype, name, method);
  };
}

type Handler = (...args: unknown[]) => unknown;

function bindMethod(prototype: Record<string, unknown>, name: string, method: MethodDefinition<unknown, unknown>): void {
  const handler = prototype[name] as Handler | undefined;
  if (!handler) throw new Error(`The controller has no method ${name} for ${method.path}.`);
  const [service, rpc] = method.path.slice(1).split('/') as [string, string];
  const descriptor: PropertyDescriptor = { value: adapt(handler, method), configurable: true, writable: true };
  const bind = method.requestStream ? GrpcStreamCall(service, rpc) : GrpcMethod(service, rpc);
  (bind as MethodDecorator)(prototype, name, descriptor);
  Object.defineProperty(prototype, name, descriptor);
}

/** Nest passes raw calls and expects observables; our controllers take and return async iterables and promises. */
function adapt(handler: Handler, method: MethodDefinition<unknown, unknown>): Handler {
  if (method.requestStream && method.responseStream) {
    return function (this: unknown, call) {
      return handler.call(this, call);
    };
  }
  if (method.requestStream) return adaptClientStream(handler);
  if (method.responseStream) {
    return function (this: unknown, request) {
      return from(handler.call(this, request) as AsyncIterable<unknown>);
    };
  }
  return function (this: unknown, request) {
    return handler.call(this, request);
  };
}

function adaptClientStream(handler: Handler): Handler {
  return async function (this: unknown, call, callback) {
    const answer = callback as sendUnaryData<unknown>;
    try {
      answer(null, await handler.call(this, call as ServerReadableStream<unknown, unknown>));
    } catch (error) {
      answer(toGrpcError(toDomainError(error)) as Partial<ServiceError>);
    }
  };
}
