import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { inference, KV_BUCKETS } from '@aimass/contracts';
import { StateBucket } from '@aimass/platform-messaging';
import { newId } from '@aimass/platform-persistence';
import { FramePort } from '../frames/frame-port.js';
import type { Engine } from '../engines/engine.js';
import { ENGINES } from '../engines/engines.module.js';
import { ModelStore } from '../models/model-store.js';
import { NatsLink } from '../nats/nats-link.js';

const INTERVAL_MS = 1_000;
/** A replica that has not spoken for this long is gone: its entry disappears. */
const TTL_MS = 5_000;

/**
 * Tells gateways where this replica is and which versions it has ready: every second, and at once when that changes.
 * While NATS is away nothing is said and gateways go by what they heard last.
 */
@Injectable()
export class HeartbeatService implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly replicaId = newId('rep');
  private readonly logger = new Logger('heartbeat');
  private bucket: StateBucket<inference.ReplicaHeartbeat> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private speaking: Promise<void> | undefined;
  private isStale = false;
  private isDraining = false;
  private isHeard = true;

  constructor(
    @Inject(ENGINES) private readonly engines: readonly Engine[],
    private readonly nats: NatsLink,
    private readonly frames: FramePort,
    private readonly models: ModelStore,
  ) {}

  onApplicationBootstrap(): void {
    this.models.onChange(() => this.beat());
    this.start().catch((error: unknown) => this.logger.error(error));
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** Says that this replica takes nothing new; settles once that is published, or at once when NATS is away. */
  async announceDraining(): Promise<void> {
    this.isDraining = true;
    this.beat();
    await this.speaking;
  }

  /** Takes the entry away and says nothing more. */
  async leave(): Promise<void> {
    clearInterval(this.timer);
    const { bucket } = this;
    this.bucket = undefined;
    await this.speaking;
    await bucket?.delete(this.replicaId).catch(() => undefined);
  }

  private async start(): Promise<void> {
    const connection = await this.nats.connection;
    this.bucket = new StateBucket(connection, KV_BUCKETS.replicas, inference.ReplicaHeartbeat, TTL_MS);
    this.beat();
    this.timer = setInterval(() => this.beat(), INTERVAL_MS);
  }

  /** One message is under way at a time; what changes meanwhile is said right after it. */
  private beat(): void {
    if (this.bucket === undefined) return;
    this.isStale = true;
    this.speaking ??= this.speak(this.bucket).finally(() => {
      this.speaking = undefined;
    });
  }

  private async speak(bucket: StateBucket<inference.ReplicaHeartbeat>): Promise<void> {
    try {
      while (this.isStale) {
        this.isStale = false;
        await withinInterval(bucket.put(this.replicaId, this.message()));
      }
      this.isHeard = true;
    } catch (error) {
      if (this.isHeard)
        this.logger.warn(
          `The heartbeat is not heard: ${error instanceof Error ? error.message : String(error)}`,
        );
      this.isHeard = false;
    }
  }

  private message(): inference.ReplicaHeartbeat {
    const { usedBytes, budgetBytes } = this.models.memoryUse();
    return {
      replicaId: this.replicaId,
      ...this.frames.addresses(),
      readyModelVersionIds: this.models.readyIds(),
      failedModelVersions: this.models.failures(),
      draining: this.isDraining,
      backend: this.engines.map((engine) => engine.backend).join(', '),
      sentAt: new Date(),
      coldModelVersionIds: this.models.coldIds(),
      usedMemoryBytes: String(usedBytes),
      memoryBudgetBytes: String(budgetBytes),
    };
  }
}

/** A message that was on its way when NATS went down must not silence the ones after it. */
async function withinInterval(sent: Promise<void>): Promise<void> {
  const isSent = await Promise.race([sent.then(() => true), delay(INTERVAL_MS, false, { ref: false })]);
  if (!isSent) {
    sent.catch(() => undefined);
    throw new Error('NATS does not answer');
  }
}
