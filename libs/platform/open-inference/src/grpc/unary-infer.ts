import { Metadata } from '@grpc/grpc-js';
import type { sendUnaryData, ServerUnaryCall } from '@grpc/grpc-js';
import type { InferHandle, InferResult, InferSink, OipBackend, OipOptions } from '../backend.js';
import { OipError, toOipError } from '../oip-error.js';
import { priorityOf } from '../request-headers.js';
import { retryAfterSeconds } from '../retry-after.js';
import { deadlineOf } from './grpc-deadline.js';
import { grpcStatus } from './grpc-status.js';
import type { CallerContext } from './guarded-call.js';
import { scanInferRequest } from './infer-message.js';

/** `ModelInfer`, with the serialized messages passed through. */
export class UnaryInfer<Caller> {
  constructor(
    private readonly backend: OipBackend<Caller>,
    private readonly options: OipOptions,
  ) {}

  handle(call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>): void {
    const sink = new UnarySink(call, callback);
    let handle: InferHandle | null;
    try {
      handle = this.start(call, sink);
    } catch (error) {
      sink.fail(toOipError(error, this.options.onError));
      return;
    }
    if (handle !== null) call.once('cancelled', () => handle.cancel());
  }

  private start(call: ServerUnaryCall<Buffer, Buffer>, sink: InferSink): InferHandle | null {
    const startedMs = performance.now();
    const { metadata } = call;
    const { modelName, modelVersion } = scanInferRequest(call.request);
    const { caller } = call.getAuthContext() as CallerContext;
    return this.backend.infer(
      caller as Caller,
      {
        name: modelName,
        version: modelVersion === '' ? undefined : modelVersion,
        encoding: 'grpc',
        body: call.request,
        jsonLength: undefined,
        priority: priorityOf(textOf(metadata, 'x-request-priority')),
        startedMs,
        deadlineMs: deadlineOf(call.getDeadline(), startedMs, this.options.requestTimeoutMs),
        requestId: this.options.requestId(textOf(metadata, 'x-request-id')),
      },
      sink,
    );
  }
}

/** The first value of a header, as text. */
export function textOf(metadata: Metadata, name: string): string | undefined {
  const [value] = metadata.get(name);
  return value === undefined ? undefined : value.toString();
}

/** What an answer that is no good says: its text, with the time after which a new try makes sense. */
export function errorOf(result: InferResult): OipError {
  const retryAfter = result.status === 503 ? retryAfterSeconds(result.retryAfterMs) : undefined;
  return new OipError(result.status, result.body.toString(), retryAfter);
}

class UnarySink implements InferSink {
  private metadata: Metadata | undefined;

  constructor(
    private readonly call: ServerUnaryCall<Buffer, Buffer>,
    private readonly callback: sendUnaryData<Buffer>,
  ) {}

  setHeader(name: string, value: string): void {
    this.metadata ??= new Metadata();
    this.metadata.set(name, value);
  }

  answer(result: InferResult): void {
    if (result.status < 200 || result.status > 299) {
      this.fail(errorOf(result));
      return;
    }
    if (this.metadata) this.call.sendMetadata(this.metadata);
    this.callback(null, result.body);
  }

  /** Headers travel with the status then, since there is no message for them to precede. */
  fail(error: OipError): void {
    this.callback(grpcStatus(error, this.metadata));
  }
}
