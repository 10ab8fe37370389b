import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { inference } from '@aimass/contracts';
import { toDomainError } from '@aimass/platform-errors';
import { MAX_MESSAGE_BYTES } from '@aimass/platform-grpc';
import { CONFIG } from '@aimass/platform-service';
import type { Config } from '../config.js';
import { FramePort } from '../frames/frame-port.js';
import { HeartbeatService } from '../heartbeat/heartbeat.service.js';
import { ModelStore } from '../models/model-store.js';
import type { ServedModel } from '../models/served-model.js';
import type { ProtocolCodec } from '../protocols/codec.js';
import { encodingNotSupported, replicaDraining } from './data-plane.errors.js';
import { ExchangeSession } from './exchange-session.js';
import type { CallHandler, ExchangeStream } from './exchange-session.js';
import { PendingCall } from './pending-call.js';

/** A call whose timeout is absent waits this long at most. */
const LONGEST_WAIT_MS = 60_000;
/** After saying that it drains, a replica still takes calls this long: gateways need a moment to hear it. */
const DRAIN_NOTICE_MS = 250;
const POLL_MS = 10;
const NOT_RUN = { queueUs: 0, computeUs: 0 };

type DataPlaneConfig = Pick<Config, 'STREAM_WINDOW_CALLS' | 'DRAIN_SECONDS'>;
type Models = Pick<ModelStore, 'get'>;
type Heartbeat = Pick<HeartbeatService, 'announceDraining' | 'leave'>;

/** Hands the calls of all gateways to the batchers of their model versions. */
@Injectable()
export class DataPlaneService implements CallHandler {
  private readonly logger = new Logger('data-plane');
  private readonly sessions = new Set<ExchangeSession>();
  private isDraining = false;

  constructor(
    @Inject(CONFIG) private readonly config: DataPlaneConfig,
    @Inject(ModelStore) private readonly models: Models,
    @Inject(HeartbeatService) private readonly heartbeat: Heartbeat,
    @Inject(FramePort) frames: Pick<FramePort, 'onStream'>,
  ) {
    frames.onStream = (stream) => this.open(stream);
  }

  /** Serves one gateway's stream until it ends. */
  open(stream: ExchangeStream): void {
    const limits = { windowCalls: this.config.STREAM_WINDOW_CALLS, maxMessageBytes: MAX_MESSAGE_BYTES };
    const session = new ExchangeSession(stream, this, limits);
    this.sessions.add(session);
    session.open();
  }

  accept(call: inference.InferCall, session: ExchangeSession, now: number): void {
    const { callId, modelName, timeoutMs, encoding, priority } = call;
    try {
      if (this.isDraining) throw replicaDraining();
      const model = this.models.get(call.modelVersionId);
      const codec = codecOf(model, encoding);
      const request = codec.parse({ body: call.body, jsonLength: call.jsonLength });
      const waitMs = Math.min(timeoutMs || LONGEST_WAIT_MS, request.timeoutMs ?? LONGEST_WAIT_MS);
      const pending = new PendingCall(request, {
        session,
        callId,
        modelName,
        codec,
        encoding,
        priority,
        arrivedAt: now,
        deadlineAt: now + waitMs,
      });
      session.track(pending);
      model.enqueue(pending);
    } catch (error) {
      const known = toDomainError(error);
      if (known.kind === 'internal') this.logger.error(error);
      session.refuse(callId, known, { encoding, timing: NOT_RUN });
    }
  }

  closed(session: ExchangeSession): void {
    this.sessions.delete(session);
  }

  /** Stops in order: says so, takes nothing new, finishes what it has inside the drain deadline, and leaves. */
  async drain(): Promise<void> {
    await Promise.race([this.heartbeat.announceDraining(), delay(DRAIN_NOTICE_MS)]);
    const noticeMs = this.sessions.size > 0 ? DRAIN_NOTICE_MS : 0;
    await delay(noticeMs);
    this.isDraining = true;
    const cutAt = performance.now() + this.config.DRAIN_SECONDS * 1000;
    while ([...this.sessions].some((session) => session.isBusy) && performance.now() < cutAt)
      await delay(POLL_MS);
    for (const session of this.sessions) session.end();
    await Promise.race([this.heartbeat.leave(), delay(DRAIN_NOTICE_MS)]);
  }
}

function codecOf(model: Pick<ServedModel, 'rest' | 'grpc'>, encoding: inference.BodyEncoding): ProtocolCodec {
  if (encoding === inference.BodyEncoding.OIP_REST) return model.rest;
  if (encoding === inference.BodyEncoding.OIP_GRPC) return model.grpc;
  throw encodingNotSupported();
}
