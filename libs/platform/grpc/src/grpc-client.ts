import { Client, credentials, Metadata } from '@grpc/grpc-js';
import type { CallOptions as GrpcCallOptions, MethodDefinition, ServiceError } from '@grpc/grpc-js';
import { DomainError } from '@aimass/platform-errors';
import { setTimeout as delay } from 'node:timers/promises';
import { fromGrpcError } from './error-transport.js';
import { MAX_MESSAGE_BYTES } from './grpc-server.js';
import type { CallOptions, GrpcClient, GrpcServiceDefinition } from './service-types.js';

/** Whom to call, and how long a call may take when the caller does not say. */
export interface GrpcClientOptions {
  /** `host:port`. */
  readonly address: string;
  /** For error messages: `training`. */
  readonly name: string;
  /** Default deadline in milliseconds. */
  readonly deadlineMs?: number;
}

type Method = MethodDefinition<unknown, unknown>;
/** Attempts at a read before giving up; waits 100 ms and 200 ms between them, all inside the deadline. */
const READ_ATTEMPTS = 3;

/**
 * A client over a generated definition. Every call has a deadline (10 s unless told). Methods whose name starts with
 * get, list or summarize change nothing and are retried when the service is unavailable; no other call is.
 */
export function grpcClient<S extends GrpcServiceDefinition>(
  definition: S,
  options: GrpcClientOptions,
): GrpcClient<S> {
  const client = new Client(options.address, credentials.createInsecure(), {
    'grpc.keepalive_time_ms': 20_000,
    'grpc.keepalive_timeout_ms': 5_000,
    'grpc.keepalive_permit_without_calls': 1,
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
    'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 2_000,
  });
  const caller = new Caller(client, options);
  const methods: Record<string, unknown> = { close: () => client.close() };
  for (const [name, method] of Object.entries(definition)) methods[name] = caller.method(name, method);
  return methods as GrpcClient<S>;
}

class Caller {
  constructor(
    private readonly client: Client,
    private readonly options: GrpcClientOptions,
  ) {}

  method(name: string, method: Method): unknown {
    if (method.requestStream) {
      return (requests: AsyncIterable<unknown>, options?: CallOptions) =>
        this.clientStream(method, requests, options);
    }
    if (method.responseStream) {
      return (request: unknown, options?: CallOptions) => this.serverStream(method, request, options);
    }
    const attempts = /^(get|list|summarize)/.test(name) ? READ_ATTEMPTS : 1;
    return (request: unknown, options?: CallOptions) => this.unary(method, request, { attempts, ...options });
  }

  private async unary(
    method: Method,
    request: unknown,
    options: CallOptions & { attempts: number },
  ): Promise<unknown> {
    const deadline = this.deadline(options);
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.unaryOnce(method, request, { deadline }, options.signal);
      } catch (error) {
        const isRetryable = error instanceof DomainError && error.kind === 'unavailable';
        if (!isRetryable || attempt >= options.attempts || Date.now() >= deadline.getTime()) throw error;
        await delay(100 * attempt);
      }
    }
  }

  private unaryOnce(
    method: Method,
    request: unknown,
    options: GrpcCallOptions,
    signal?: AbortSignal,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const call = this.client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        new Metadata(),
        options,
        (error, response) => {
          release();
          if (error) reject(this.failure(error));
          else resolve(response);
        },
      );
      const release = cancelOnAbort(call, signal);
    });
  }

  /** The service may answer before it has everything, for example to refuse; then the rest is not sent. */
  private clientStream(
    method: Method,
    requests: AsyncIterable<unknown>,
    options: CallOptions = {},
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      let isAnswered = false;
      let wake = (): void => undefined;
      const call = this.client.makeClientStreamRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        new Metadata(),
        { deadline: this.deadline(options) },
        (error, response) => {
          isAnswered = true;
          release();
          wake();
          if (error) reject(this.failure(error));
          else resolve(response);
        },
      );
      const release = cancelOnAbort(call, options.signal);
      const drained = (): Promise<void> =>
        new Promise((ready) => {
          wake = ready;
          call.once('drain', ready);
        });
      const send = async (): Promise<void> => {
        for await (const request of requests) {
          if (isAnswered) return;
          if (!call.write(request)) await drained();
        }
        call.end();
      };
      send().catch((error: unknown) => {
        reject(error instanceof Error ? error : new Error(String(error)));
        call.cancel();
      });
    });
  }

  private async *serverStream(
    method: Method,
    request: unknown,
    options: CallOptions = {},
  ): AsyncIterable<unknown> {
    const call = this.client.makeServerStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      new Metadata(),
      { deadline: this.deadline(options) },
    );
    const release = cancelOnAbort(call, options.signal);
    try {
      for await (const response of call) yield response;
    } catch (error) {
      throw this.failure(error as ServiceError);
    } finally {
      release();
      call.cancel();
    }
  }

  private deadline(options: CallOptions): Date {
    return new Date(Date.now() + (options.deadlineMs ?? this.options.deadlineMs ?? 10_000));
  }

  private failure(error: ServiceError): DomainError {
    return fromGrpcError(error, this.options.name);
  }
}

/** Cancels the call when the signal aborts, also when it already has. Returns what ends the listening. */
function cancelOnAbort(call: { cancel(): void }, signal: AbortSignal | undefined): () => void {
  if (!signal) return () => undefined;
  const cancel = (): void => call.cancel();
  if (signal.aborted) cancel();
  signal.addEventListener('abort', cancel, { once: true });
  return () => signal.removeEventListener('abort', cancel);
}
