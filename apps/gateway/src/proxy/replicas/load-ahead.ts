import type { ProxyLog } from '../ports.js';
import type { Replica } from './replica.js';

/** A version is asked for again after this long at the earliest. */
const AGAIN_MS = 5_000;
const TIMEOUT_MS = 60_000;

/**
 * Asks replicas to load a version before calls are sent to it: while a predecessor answers, no call would make a replica
 * load a version that is only loaded when a call comes.
 */
export class LoadAhead {
  private readonly askedMs = new Map<string, number>();

  constructor(private readonly log: ProxyLog) {}

  /** Asks the replica, unless the version was asked for a moment ago. Does not wait for the answer. */
  ask(modelVersionId: string, replica: Replica, nowMs: number): void {
    if (nowMs - (this.askedMs.get(modelVersionId) ?? Number.NEGATIVE_INFINITY) < AGAIN_MS) return;
    for (const [id, askedMs] of this.askedMs) if (nowMs - askedMs >= AGAIN_MS) this.askedMs.delete(id);
    this.askedMs.set(modelVersionId, nowMs);
    replica.link.loadVersion(modelVersionId, TIMEOUT_MS).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      this.log.warn(`replica ${replica.link.address} did not load ${modelVersionId}: ${reason}`);
    });
  }
}
