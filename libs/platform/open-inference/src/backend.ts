import type {
  ModelDescription,
  ModelIndexEntry,
  ModelStatistics,
  ServerDescription,
} from './descriptions.js';
import type { OipError } from './oip-error.js';

/** How the body of a prediction is encoded, both ways: REST bytes, or a serialized `ModelInferRequest`. */
export type InferEncoding = 'rest' | 'grpc';

/** A prediction asked for. The body is as it came in; nothing here has looked into it. */
export interface InferRequest {
  /** `name` or `vendor/name`. */
  readonly name: string;
  /** What stands in the version slot: a number, a version id or an alias. */
  readonly version: string | undefined;
  readonly encoding: InferEncoding;
  readonly body: Buffer;
  /** REST: length of the JSON at the start of the body when raw tensors follow it; undefined when all of it is JSON. */
  readonly jsonLength: number | undefined;
  /** 1 (first) to 9 as the caller says; 0 when it says nothing. */
  readonly priority: number;
  /** When it arrived: milliseconds of the monotonic clock. */
  readonly startedMs: number;
  /** When the caller stops waiting: milliseconds of the monotonic clock. */
  readonly deadlineMs: number;
  readonly requestId: string;
}

/** What came of a prediction; an `InferAnswer` of the data plane is one. */
export interface InferResult {
  /** An HTTP status; 200 is good. */
  readonly status: number;
  /** REST: the whole body. gRPC: a serialized `ModelInferResponse`, or UTF-8 text when the status is an error. */
  readonly body: Buffer;
  /** REST: length of the JSON at the start of the body when raw tensors follow it. */
  readonly jsonLength?: number | undefined;
  /** Microseconds of waiting for the engine, and in it. */
  readonly queueUs: number;
  readonly computeUs: number;
  /** With 503: when a new try makes sense; 0 when unknown. */
  readonly retryAfterMs: number;
}

/** Where the answer of one prediction goes. Exactly one of `answer` and `fail`, once, at any time. */
export interface InferSink {
  /** A header of the answer (REST) or initial metadata (gRPC). Lower-case names; before `answer` or `fail`. */
  setHeader(name: string, value: string): void;
  answer(result: InferResult): void;
  fail(error: OipError): void;
}

/** A prediction under way. */
export interface InferHandle {
  /** Nobody waits any more: nothing may be sent to the sink after this. Harmless when it has ended. */
  cancel(): void;
}

/**
 * What stands behind the protocol: the gateway's data plane or one replica. Every method throws OipError for what the
 * caller may be told; anything else thrown is answered with 500 and logged.
 */
export interface OipBackend<Caller> {
  readonly server: ServerDescription;
  /** Who sent `Authorization: Bearer …`; undefined when nothing was sent. A read from memory. Throws OipError 401. */
  authenticate(bearer: string | undefined): Caller;
  /** Before the body of a prediction is read: whether there is room for it. Throws OipError 503. */
  checkRoom(): void;
  /** Whether predictions can be judged and served. */
  isReady(): boolean;
  /** The names that the caller may call, in order. */
  modelNames(caller: Caller): readonly string[];
  /** Describes a model, or one version of it. Throws OipError 404. */
  describe(caller: Caller, name: string, version: string | undefined): ModelDescription;
  /** Whether a call would run at once. Throws OipError 404. */
  isModelReady(caller: Caller, name: string, version: string | undefined): boolean;
  /**
   * Starts a prediction. Null when the sink has heard already. This is the hot path: no promise unless it must wait.
   * Throws OipError for what is refused at once.
   */
  infer(caller: Caller, request: InferRequest, sink: InferSink): InferHandle | null;
  /** What versions have done: of all models, one model or one version. Throws OipError 404. */
  statistics(
    caller: Caller,
    name: string | undefined,
    version: string | undefined,
  ): Promise<readonly ModelStatistics[]>;
  /** Every version of every model that the caller may call. */
  index(caller: Caller): Promise<readonly ModelIndexEntry[]>;
  /** Brings a model, or one version, into memory; resolves once it is warm. Throws OipError. */
  load(caller: Caller, name: string, version: string | undefined): Promise<void>;
  /** Takes a model, or one version, out of memory. Throws OipError. */
  unload(caller: Caller, name: string, version: string | undefined): Promise<void>;
}

/** How the protocol is served. */
export interface OipOptions {
  /** A prediction's deadline when the caller sets none, and the longest it may set. Milliseconds. */
  readonly requestTimeoutMs: number;
  /** A body or message larger than this is refused while it arrives. Bytes. */
  readonly bodyLimitBytes: number;
  /** Names and values, alternately, that every answer over REST carries beside its own. */
  readonly answerHeaders: readonly string[];
  /** Makes the id of a request; `given` is what the caller sent as `x-request-id`. */
  readonly requestId: (given: string | undefined) => string;
  /** Hears of failures that are ours. */
  readonly onError: (error: unknown) => void;
}
