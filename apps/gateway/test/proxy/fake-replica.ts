import { inference } from '@aimass/contracts';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { ServerDuplexStream } from '@grpc/grpc-js';

type Stream = ServerDuplexStream<inference.ExchangeRequest, inference.ExchangeResponse>;

/** What a fake replica does with a call: answer at once, keep it, or end the process as far as a gateway can tell. */
export type Behaviour = 'answer' | 'keep' | 'crash';

/** A data plane on a real port that does as the test says. */
export class FakeReplica {
  behaviour: Behaviour = 'answer';
  /** Every call that arrived, in order. */
  readonly received: inference.InferCall[] = [];
  readonly cancelled: number[] = [];
  /** Calls per frame, in order. */
  readonly frames: number[] = [];
  private readonly kept: { stream: Stream; call: inference.InferCall }[] = [];
  private readonly server = new Server();

  private constructor(private readonly credits: number) {}

  address = '';

  static async start(
    options: { credits?: number; port?: number; behaviour?: Behaviour } = {},
  ): Promise<FakeReplica> {
    const replica = new FakeReplica(options.credits ?? 1_000);
    replica.behaviour = options.behaviour ?? 'answer';
    replica.server.addService(inference.DataPlaneServiceService, {
      exchange: (stream: Stream) => replica.serve(stream),
    });
    const port = await new Promise<number>((resolve, reject) => {
      const address = `127.0.0.1:${options.port ?? 0}`;
      replica.server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      );
    });
    replica.address = `127.0.0.1:${port}`;
    return replica;
  }

  stop(): void {
    this.server.forceShutdown();
  }

  /** Answers the calls that were kept. */
  release(): void {
    for (const { stream, call } of this.kept.splice(0)) answer(stream, call);
  }

  private serve(stream: Stream): void {
    stream.write({ answers: [], credits: this.credits, pong: 0 });
    stream.on('error', () => undefined);
    stream.on('data', (frame: inference.ExchangeRequest) => {
      this.cancelled.push(...frame.cancelledCallIds);
      if (frame.calls.length > 0) this.frames.push(frame.calls.length);
      for (const call of frame.calls) this.handle(stream, call);
    });
    stream.on('end', () => stream.end());
  }

  private handle(stream: Stream, call: inference.InferCall): void {
    this.received.push(call);
    if (this.behaviour === 'crash') this.stop();
    else if (this.behaviour === 'keep') this.kept.push({ stream, call });
    else answer(stream, call);
  }
}

/** Echoes what the gateway sent; a body that says `refuse` gets a 400. */
function answer(stream: Stream, call: inference.InferCall): void {
  const text = call.body.toString();
  const isRefused = text.includes('refuse');
  const body = isRefused
    ? { error: 'shape does not fit' }
    : { model_name: call.modelName, model_version: call.modelVersionId, echo: text };
  stream.write({
    answers: [
      {
        callId: call.callId,
        status: isRefused ? 400 : 200,
        jsonLength: call.jsonLength,
        body: Buffer.from(JSON.stringify(body)),
        queueUs: 10,
        computeUs: 20,
        unrun: false,
        retryAfterMs: 0,
      },
    ],
    credits: 1,
    pong: 0,
  });
}
