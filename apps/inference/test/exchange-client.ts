import { Client, credentials } from '@grpc/grpc-js';
import type { ClientDuplexStream } from '@grpc/grpc-js';
import { inference } from '@aimass/contracts';

/** What came of a call, with its body parsed. */
export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly queueUs: number;
  readonly computeUs: number;
}

type Stream = ClientDuplexStream<inference.ExchangeRequest, inference.ExchangeResponse>;

/** A gateway's end of the data plane, as small as a test needs it. */
export class ExchangeClient {
  credits = 0;
  /** Answers per frame, in order. */
  readonly frames: number[] = [];
  private readonly client: Client;
  private readonly stream: Stream;
  private readonly waiting = new Map<number, (answer: Answer) => void>();
  private readonly ended: Promise<number>;
  private lastId = 0;

  constructor(address: string) {
    const { path, requestSerialize, responseDeserialize } = inference.DataPlaneServiceService.exchange;
    this.client = new Client(address, credentials.createInsecure());
    this.stream = this.client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    this.stream.on('data', (frame: inference.ExchangeResponse) => this.receive(frame));
    this.stream.on('error', () => undefined);
    this.ended = new Promise((resolve) =>
      this.stream.on('status', ({ code }: { code: number }) => resolve(code)),
    );
  }

  /** Sends one call. `body` is sent as it is when it is text. */
  async infer(versionId: string, body: unknown, over: Partial<inference.InferCall> = {}): Promise<Answer> {
    const [answer] = await Promise.all(this.inferAll(versionId, [body], over));
    if (answer === undefined) throw new Error('no answer');
    return answer;
  }

  /** Sends one frame with a call for each body. */
  inferAll(
    versionId: string,
    bodies: readonly unknown[],
    over: Partial<inference.InferCall> = {},
  ): Promise<Answer>[] {
    const calls = bodies.map((body) => this.call(versionId, body, over));
    this.stream.write({ calls, cancelledCallIds: [], ping: 0 });
    return calls.map(({ callId }) => new Promise((resolve) => this.waiting.set(callId, resolve)));
  }

  /** gRPC status of the stream, once it has ended. */
  status(): Promise<number> {
    return this.ended;
  }

  close(): void {
    this.stream.end();
    this.client.close();
  }

  private call(
    modelVersionId: string,
    body: unknown,
    over: Partial<inference.InferCall>,
  ): inference.InferCall {
    return {
      callId: ++this.lastId,
      modelVersionId,
      modelName: 'line',
      timeoutMs: 5_000,
      encoding: inference.BodyEncoding.OIP_REST,
      priority: 0,
      body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
      ...over,
    };
  }

  private receive(frame: inference.ExchangeResponse): void {
    this.credits += frame.credits;
    this.frames.push(frame.answers.length);
    for (const { callId, status, body, queueUs, computeUs } of frame.answers) {
      const parsed = JSON.parse(body.toString()) as Record<string, unknown>;
      this.waiting.get(callId)?.({ status, body: parsed, queueUs, computeUs });
      this.waiting.delete(callId);
    }
  }
}
