import { Controller, Logger } from '@nestjs/common';
import { GrpcMethod, GrpcStreamCall } from '@nestjs/microservices';
import type {
  MethodDefinition,
  sendUnaryData,
  ServerReadableStream,
  ServerUnaryCall,
  ServerWritableStream,
} from '@grpc/grpc-js';
import { DomainError, toDomainError } from '@aimass/platform-errors';
import { setTimeout as delay } from 'node:timers/promises';
import { from, ignoreElements } from 'rxjs';
import { toGrpcError } from './error-transport.js';
import { logFailure } from './grpc-error.filter.js';
import type { GrpcServiceDefinition, UnaryContext } from './service-types.js';

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

/** What a sender waits for when its reader is slow. */
const ENDS_OF_A_WAIT = ['drain', 'cancelled', 'close'] as const;

type Handler = (...args: unknown[]) => unknown;

function bindMethod(
  prototype: Record<string, unknown>,
  name: string,
  method: MethodDefinition<unknown, unknown>,
): void {
  const handler = prototype[name] as Handler | undefined;
  if (!handler) throw new Error(`The controller has no method ${name} for ${method.path}.`);
  const [service, rpc] = method.path.slice(1).split('/') as [string, string];
  const descriptor: PropertyDescriptor = {
    value: adapt(handler, method),
    configurable: true,
    writable: true,
  };
  const bind = method.requestStream ? GrpcStreamCall(service, rpc) : GrpcMethod(service, rpc);
  bind(prototype, name, descriptor);
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
    return function (this: unknown, request, _metadata, call) {
      const messages = handler.call(this, request) as AsyncIterable<unknown>;
      return from(sendAll(call as ServerWritableStream<unknown, unknown>, messages)).pipe(ignoreElements());
    };
  }
  return function (this: unknown, request, _metadata, call) {
    return handler.call(this, request, contextOf(call as ServerUnaryCall<unknown, unknown>));
  };
}

/**
 * Takes a message when the last one is on its way: left to Nest, a fast sender would fill the memory with what its
 * reader is not ready for. A caller that goes away ends the work at its next message.
 */
async function sendAll(
  call: ServerWritableStream<unknown, unknown>,
  messages: AsyncIterable<unknown>,
): Promise<void> {
  for await (const message of messages) {
    if (call.cancelled) return;
    if (!call.write(message)) await drainedOrGone(call);
  }
}

function drainedOrGone(call: ServerWritableStream<unknown, unknown>): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      for (const event of ENDS_OF_A_WAIT) call.off(event, settle);
      resolve();
    };
    for (const event of ENDS_OF_A_WAIT) call.once(event, settle);
    if (call.cancelled) settle();
  });
}

function contextOf(call: ServerUnaryCall<unknown, unknown>): UnaryContext {
  return { timeLeftMs: () => Number(call.getDeadline()) - Date.now() };
}

const logger = new Logger('grpc');

/** Nest answers a stream of requests by callback, past the error filter. */
function adaptClientStream(handler: Handler): Handler {
  return async function (this: unknown, call, callback) {
    const answer = callback as sendUnaryData<unknown>;
    try {
      answer(null, await handler.call(this, untilComplete(call as ServerReadableStream<unknown, unknown>)));
    } catch (thrown) {
      const error = toDomainError(thrown);
      logFailure(logger, error);
      answer(toGrpcError(error));
    }
  };
}

/** How long the news that a call was cut may lag behind its end. */
const CUT_NOTICE_MS = 50;

/**
 * A call that is cut just ends, as a complete one does: its stream is closed first and reset some milliseconds later.
 * Without this wait, half a file would pass for the whole. What must not be cut even when the news is late states its
 * length or digest.
 */
async function* untilComplete(call: ServerReadableStream<unknown, unknown>): AsyncGenerator {
  // The news may come while a slow reader has left the stream full: then the stream would never end by itself.
  call.once('cancelled', () => call.destroy(brokenOff()));
  if (!call.cancelled) for await (const request of call) yield request;
  if (!call.cancelled) {
    const cut = new Promise((resolve) => call.once('cancelled', resolve));
    await Promise.race([cut, delay(CUT_NOTICE_MS)]);
  }
  if (call.cancelled) throw brokenOff();
}

function brokenOff(): DomainError {
  return new DomainError(
    'unavailable',
    'stream_broken_off',
    'The connection ended before everything was sent.',
  );
}
