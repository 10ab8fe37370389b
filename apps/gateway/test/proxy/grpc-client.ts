import { oip } from '@aimass/contracts';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import type { ClientDuplexStream, MethodDefinition, ServiceError } from '@grpc/grpc-js';

/** What came of a unary call. */
export interface GrpcOutcome<Response> {
  readonly code: number;
  readonly details: string;
  readonly response: Response | undefined;
  /** Initial metadata, and that which came with the status. */
  readonly headers: Metadata;
  readonly trailers: Metadata;
}

type Stream = ClientDuplexStream<oip.ModelInferRequest, oip.ModelStreamInferResponse>;

/** A client as any gRPC library makes one from the protocol's proto file. */
export class OipGrpcClient {
  readonly client: Client;

  constructor(
    url: string,
    private readonly key: string | null = 'am_good',
    options: object = {},
  ) {
    this.client = new Client(new URL(url).host, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.max_send_message_length': -1,
      ...options,
    });
  }

  /** Calls a method; never rejects. `headers` are further metadata. */
  unary<Request, Response>(
    method: MethodDefinition<Request, Response>,
    request: Request,
    options: { headers?: Record<string, string>; deadlineMs?: number } = {},
  ): Promise<GrpcOutcome<Response>> {
    return new Promise((resolve) => {
      let headers = new Metadata();
      let answer: { error: ServiceError | null; response?: Response } | undefined;
      const call = this.client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        this.metadata(options.headers),
        options.deadlineMs === undefined ? {} : { deadline: Date.now() + options.deadlineMs },
        (error, response) => {
          answer = response === undefined ? { error } : { error, response };
        },
      );
      call.on('metadata', (metadata) => (headers = metadata));
      call.on('status', ({ code, details, metadata }) => {
        resolve({ code, details, headers, trailers: metadata, response: answer?.response });
      });
    });
  }

  /** Opens `ModelStreamInfer`. */
  stream(headers?: Record<string, string>): Stream {
    const method = oip.GRPCInferenceServiceService.modelStreamInfer;
    return this.client.makeBidiStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      this.metadata(headers),
    );
  }

  close(): void {
    this.client.close();
  }

  private metadata(headers: Record<string, string> = {}): Metadata {
    const metadata = new Metadata();
    if (this.key !== null) metadata.set('authorization', `Bearer ${this.key}`);
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
    return metadata;
  }
}

/** A request for one row. */
export function inferRequest(
  modelName: string,
  more: Partial<oip.ModelInferRequest> = {},
): oip.ModelInferRequest {
  return oip.ModelInferRequest.fromPartial({
    modelName,
    inputs: [{ name: 'x', datatype: 'FP32', shape: ['1', '1'] }],
    rawInputContents: [Buffer.from([0, 0, 128, 63])],
    ...more,
  });
}
