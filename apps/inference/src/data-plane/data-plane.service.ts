import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { inference } from '@aimass/contracts';
import { toDomainError } from '@aimass/platform-errors';
import { MAX_MESSAGE_BYTES } from '@aimass/platform-grpc';
import { CONFIG } from '@aimass/platform-service';
import type { Config } from '../config.js';
import { HeartbeatService } from '../heartbeat/heartbeat.service.js';
import { ModelStore } from '../models/model-store.js';
import { binaryNotSupported } from '../protocols/oip-rest.errors.js';
import { encodingNotSupported, replicaDraining } from './data-plane.errors.js';
import { ExchangeSession } from './exchange-session.js';
import type { CallHandler, ExchangeStream } from './exchange-session.js';
import { PendingCall } from './pending-call.js';

/** A call whose timeout is absent waits this long at most. */
const LONGEST_WAIT_MS = 60_000;
/** After saying that it drains, a replica still takes calls this long: gateways need a moment to hear it. */
const DRAIN_NOTICE_MS = 250;
const POLL_MS = 10;

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
  ) {}

  /** Serves one gateway's stream until it ends. */
  open(stream: ExchangeStream): void {
    const limits = { windowCalls: this.config.STREAM_WINDOW_CALLS, maxMessageBytes: MAX_MESSAGE_BYTES };
    const session = new ExchangeSession(stream, this, limits);
    this.sessions.add(session);
    session.open();
  }

  accept(call: inference.InferCall, session: ExchangeSession, now: number): void {
    const { callId, modelName, timeoutMs } = call;
    try {
      if (this.isDraining) throw replicaDraining();
      if (call.encoding !== inference.BodyEncoding.OIP_REST) throw encodingNotSupported();
      if (call.jsonLength !== undefined) throw binaryNotSupported();
      const { codec, batcher } = this.models.get(call.modelVersionId);
      const deadlineAt = now + (timeoutMs === 0 ? LONGEST_WAIT_MS : timeoutMs);
      const request = codec.parse(call.body);
      const pending = new PendingCall(request, {
        session,
        callId,
        modelName,
        codec,
        arrivedAt: now,
        deadlineAt,
      });
      session.track(pending);
      batcher.enqueue(pending);
    } catch (error) {
      const known = toDomainError(error);
      if (known.kind === 'internal') this.logger.error(error);
      session.refuse(callId, known);
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
