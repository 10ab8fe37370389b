import { inference, oip, replica as replicaService, requestFrames, responseFrames } from '@aimass/contracts';
import { DomainError } from '@aimass/platform-errors';
import { FrameStream, toGrpcError } from '@aimass/platform-grpc';
import { Server, ServerCredentials, status } from '@grpc/grpc-js';
import type { sendUnaryData, ServerUnaryCall } from '@grpc/grpc-js';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** A gateway's stream, over gRPC or as frames over TCP. */
interface Stream extends NodeJS.EventEmitter {
  write(frame: inference.ExchangeResponse): boolean;
  end(): void;
  readonly destroyed?: boolean;
  readonly cancelled?: boolean;
}
type Load = ServerUnaryCall<replicaService.LoadVersionRequest, replicaService.LoadVersionResponse>;
type Unload = ServerUnaryCall<replicaService.UnloadVersionRequest, replicaService.UnloadVersionResponse>;
type List = ServerUnaryCall<
  replicaService.ListServedVersionsRequest,
  replicaService.ListServedVersionsResponse
>;

/**
 * What a fake replica does with a call: answer at once, or after `slowMs`; keep it, alive otherwise; nothing at all, as
 * a stuck process; answer with an internal error; refuse to run it; or end as far as a gateway can tell.
 */
export type Behaviour = 'answer' | 'slow' | 'keep' | 'stuck' | 'error' | 'unrun' | 'crash';

const FRAMES = { incoming: requestFrames, outgoing: responseFrames };

/** How a fake replica starts. */
export interface FakeOptions {
  readonly credits?: number;
  readonly port?: number;
  readonly behaviour?: Behaviour;
  readonly slowMs?: number;
}

/** A data plane on a real port that does as the test says. */
export class FakeReplica {
  behaviour: Behaviour = 'answer';
  /** The versions that it has; a call for another is refused. Undefined: all. */
  versions: Set<string> | undefined;
  /** With what status calls are refused as not run. */
  unrunStatus = 503;
  /** Every call that arrived, in order. */
  readonly received: inference.InferCall[] = [];
  readonly cancelled: number[] = [];
  /** Versions that it was asked to load, in order. */
  readonly loads: string[] = [];
  readonly unloads: string[] = [];
  /** What it says of versions when it is asked. */
  readonly statuses: replicaService.ServedVersionStatus[] = [];
  /** Why it loads and unloads nothing; undefined when it does. */
  loadProblem: string | undefined;
  /** Calls per frame, in order. */
  readonly frames: number[] = [];
  pings = 0;
  private readonly kept: { stream: Stream; call: inference.InferCall }[] = [];
  private readonly streams = new Set<Stream>();
  private readonly server = new Server();
  /** Gateways' connections to `frameAddress`. */
  readonly sockets = new Set<Socket>();
  private readonly frameServer = createServer((socket) => {
    this.sockets.add(socket);
    this.serve(FrameStream.server(socket, FRAMES));
  });

  private constructor(
    private readonly credits: number,
    private readonly slowMs: number,
  ) {}

  address = '';
  frameAddress = '';

  static async start(options: FakeOptions = {}): Promise<FakeReplica> {
    const replica = new FakeReplica(options.credits ?? 1_000, options.slowMs ?? 100);
    replica.behaviour = options.behaviour ?? 'answer';
    replica.server.addService(inference.DataPlaneServiceService, {
      exchange: (stream: Stream) => replica.serve(stream),
    });
    replica.addOperations();
    const port = await new Promise<number>((resolve, reject) => {
      const address = `127.0.0.1:${options.port ?? 0}`;
      replica.server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      );
    });
    replica.address = `127.0.0.1:${port}`;
    replica.frameServer.listen(0, '127.0.0.1');
    await once(replica.frameServer, 'listening');
    replica.frameAddress = `127.0.0.1:${(replica.frameServer.address() as AddressInfo).port}`;
    return replica;
  }

  private addOperations(): void {
    const { loadVersion, unloadVersion, listServedVersions } = replicaService.ReplicaServiceService;
    const failure = () =>
      this.loadProblem === undefined
        ? null
        : toGrpcError(new DomainError('precondition_failed', 'not_loadable', this.loadProblem));
    this.server.addService(
      { loadVersion, unloadVersion, listServedVersions },
      {
        loadVersion: (load: Load, done: sendUnaryData<replicaService.LoadVersionResponse>) => {
          this.loads.push(load.request.modelVersionId);
          done(failure(), { version: undefined });
        },
        unloadVersion: (unload: Unload, done: sendUnaryData<replicaService.UnloadVersionResponse>) => {
          this.unloads.push(unload.request.modelVersionId);
          done(failure(), { version: undefined });
        },
        listServedVersions: (list: List, done: sendUnaryData<replicaService.ListServedVersionsResponse>) => {
          const { modelVersionIds } = list.request;
          done(null, {
            versions: this.statuses.filter(({ modelVersionId }) => modelVersionIds.includes(modelVersionId)),
          });
        },
      },
    );
  }

  stop(): void {
    this.server.forceShutdown();
    this.frameServer.close();
    for (const socket of this.sockets) socket.destroy();
  }

  /** Ends every stream, as a connection that breaks does; new ones are taken. */
  breakStreams(): void {
    for (const stream of this.streams) stream.emit('error', { code: status.UNAVAILABLE, details: 'broken' });
  }

  /** Answers the calls that were kept. */
  release(): void {
    for (const { stream, call } of this.kept.splice(0)) answer(stream, call);
  }

  private serve(stream: Stream): void {
    this.streams.add(stream);
    stream.write({ answers: [], credits: this.credits, pong: 0 });
    stream.on('error', () => undefined);
    stream.on('close', () => this.streams.delete(stream));
    stream.on('data', (frame: inference.ExchangeRequest) => {
      this.cancelled.push(...frame.cancelledCallIds);
      if (frame.ping !== 0) this.pong(stream, frame.ping);
      if (frame.calls.length > 0) this.frames.push(frame.calls.length);
      for (const call of frame.calls) this.handle(stream, call);
    });
    stream.on('end', () => stream.end());
  }

  private pong(stream: Stream, ping: number): void {
    this.pings += 1;
    if (this.behaviour !== 'stuck') stream.write({ answers: [], credits: 0, pong: ping });
  }

  private handle(stream: Stream, call: inference.InferCall): void {
    this.received.push(call);
    const isMissing = this.versions?.has(call.modelVersionId) === false;
    if (isMissing) refuse(stream, call, 404);
    else if (this.behaviour === 'crash') this.stop();
    else if (this.behaviour === 'keep' || this.behaviour === 'stuck') this.kept.push({ stream, call });
    else if (this.behaviour === 'slow') setTimeout(() => answer(stream, call), this.slowMs);
    else if (this.behaviour === 'error') reply(stream, call, 500, { error: 'the engine failed' });
    else if (this.behaviour === 'unrun') refuse(stream, call, this.unrunStatus);
    else answer(stream, call);
  }
}

/** Echoes what the gateway sent; a body that says `refuse` gets a 400. */
function answer(stream: Stream, call: inference.InferCall): void {
  if (call.encoding === inference.BodyEncoding.OIP_GRPC) return answerMessage(stream, call);
  const text = call.body.toString();
  if (text.includes('refuse')) return reply(stream, call, 400, { error: 'shape does not fit' });
  reply(stream, call, 200, {
    model_name: call.modelName,
    model_version: call.modelVersionId,
    echo: text,
  });
}

/** Echoes id and tensors of a gRPC call; an id that says `refuse` gets a 400, whose body is text. */
function answerMessage(stream: Stream, call: inference.InferCall): void {
  const request = oip.ModelInferRequest.decode(call.body);
  if (request.id.includes('refuse')) return send(stream, call, 400, Buffer.from('shape does not fit'));
  const response = oip.ModelInferResponse.fromPartial({
    modelName: call.modelName,
    modelVersion: call.modelVersionId,
    id: request.id,
    outputs: request.inputs.map(({ name, datatype, shape }) => ({ name, datatype, shape })),
    rawOutputContents: request.rawInputContents,
  });
  send(stream, call, 200, Buffer.from(oip.ModelInferResponse.encode(response).finish()));
}

function refuse(stream: Stream, call: inference.InferCall, status: number): void {
  reply(stream, call, status, { error: 'not run', unrun: true });
}

/** A body that says `unrun` marks the call as not run. */
function reply(stream: Stream, call: inference.InferCall, code: number, body: object): void {
  send(stream, call, code, Buffer.from(JSON.stringify(body)));
}

function send(stream: Stream, call: inference.InferCall, code: number, body: Buffer): void {
  const unrun = body.includes('"unrun":true');
  if (stream.destroyed || stream.cancelled) return;
  stream.write({
    answers: [
      {
        callId: call.callId,
        status: code,
        jsonLength: call.jsonLength,
        body,
        queueUs: 10,
        computeUs: 20,
        unrun,
        retryAfterMs: unrun ? 1_500 : 0,
      },
    ],
    credits: 1,
    pong: 0,
  });
}
