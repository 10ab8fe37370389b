import { once } from 'node:events';
import { connect } from 'node:net';
import { inference, requestFrames, responseFrames } from '@aimass/contracts';
import { FrameStream } from '@aimass/platform-grpc';

const CODECS = { incoming: responseFrames, outgoing: requestFrames };

/** What came of a call, with its body parsed. */
export interface FramedAnswer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** A gateway's end of the data plane as frames, as small as a test needs it. */
export class FrameClient {
  /** Settles when the replica has ended the stream. */
  readonly ended: Promise<unknown>;
  private readonly waiting = new Map<number, (answer: FramedAnswer) => void>();
  private lastId = 0;

  private constructor(
    private readonly stream: FrameStream<inference.ExchangeResponse, inference.ExchangeRequest>,
  ) {
    this.ended = once(stream, 'end');
    stream.on('data', ({ answers }) => {
      for (const { callId, status, body } of answers) {
        this.waiting.get(callId)?.({ status, body: JSON.parse(body.toString()) as FramedAnswer['body'] });
      }
    });
  }

  static async connect(address: string): Promise<FrameClient> {
    const [host = '', port] = address.split(':');
    const socket = connect({ host, port: Number(port) });
    await once(socket, 'connect');
    return new FrameClient(FrameStream.client(socket, CODECS));
  }

  infer(modelVersionId: string, body: unknown): Promise<FramedAnswer> {
    const call = inference.InferCall.create({
      callId: (this.lastId += 1),
      modelVersionId,
      modelName: 'line',
      timeoutMs: 5_000,
      encoding: inference.BodyEncoding.OIP_REST,
      body: Buffer.from(JSON.stringify(body)),
    });
    this.stream.write({ calls: [call], cancelledCallIds: [], ping: 0 });
    return new Promise((resolve) => this.waiting.set(call.callId, resolve));
  }
}
