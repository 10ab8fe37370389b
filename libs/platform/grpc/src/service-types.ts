import type { MethodDefinition, ServerDuplexStream } from '@grpc/grpc-js';

/** A service as ts-proto generates it for grpc-js: method name → definition. */
// The type parameters of a definition appear in both directions, so no narrower type accepts every service.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type GrpcServiceDefinition = Readonly<Record<string, MethodDefinition<any, any>>>;

type RequestOf<M> = M extends { requestDeserialize: (bytes: Buffer) => infer Request } ? Request : never;
type ResponseOf<M> = M extends { responseDeserialize: (bytes: Buffer) => infer Response } ? Response : never;

/** What a handler may want to know of a call beyond its request. */
export interface UnaryContext {
  /** Milliseconds until the caller stops waiting; Infinity when it never does. */
  timeLeftMs(): number;
}

/** What a controller implements, one method per rpc; drift from the contract is a compile error. */
export type GrpcHandlers<S> = {
  [K in keyof S]: S[K] extends { requestStream: true; responseStream: true }
    ? (call: ServerDuplexStream<RequestOf<S[K]>, ResponseOf<S[K]>>) => void
    : S[K] extends { requestStream: true }
      ? (requests: AsyncIterable<RequestOf<S[K]>>) => Promise<ResponseOf<S[K]>>
      : S[K] extends { responseStream: true }
        ? (request: RequestOf<S[K]>) => AsyncIterable<ResponseOf<S[K]>>
        : (request: RequestOf<S[K]>, context?: UnaryContext) => Promise<ResponseOf<S[K]>>;
};

/** How long a call may take and who may end it early. */
export interface CallOptions {
  /** Milliseconds; the client's default applies when absent. */
  readonly deadlineMs?: number;
  /** Aborting cancels the call. */
  readonly signal?: AbortSignal;
}

/** A client of a service: promises for answers, async iterables for streams, DomainErrors for failures. */
export type GrpcClient<S> = {
  [K in keyof S]: S[K] extends { requestStream: true; responseStream: true }
    ? never
    : S[K] extends { requestStream: true }
      ? (requests: AsyncIterable<RequestOf<S[K]>>, options?: CallOptions) => Promise<ResponseOf<S[K]>>
      : S[K] extends { responseStream: true }
        ? (request: RequestOf<S[K]>, options?: CallOptions) => AsyncIterable<ResponseOf<S[K]>>
        : (request: RequestOf<S[K]>, options?: CallOptions) => Promise<ResponseOf<S[K]>>;
} & { /** Ends the connection. */ close(): void };
