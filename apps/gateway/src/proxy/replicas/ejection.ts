/** A returned or new taker of calls starts with this share of what it would get. */
const FIRST_SHARE = 0.1;
/** A probe whose outcome nobody told counts as lost after this long. */
const PROBE_LOST_MS = 60_000;

/** How ejections go. Milliseconds. */
export interface EjectionTuning {
  /** The first ejection lasts this long, and each further one twice as long as the one before. */
  readonly ejectMs: number;
  /** None lasts longer. */
  readonly maxEjectMs: number;
  /** After this long in service the next ejection is a first one again. */
  readonly forgiveMs: number;
  /** What is new or returns gets its full share after this long. */
  readonly rampMs: number;
}

/**
 * Whether a replica, or one version on it, takes calls. It is in, or out for a while; once that is over one call probes
 * it. When the probe succeeds it is in again, with a share that grows; otherwise it is out for twice as long.
 */
export class Ejection {
  private untilMs: number | undefined;
  private inSinceMs: number;
  private rampEndMs: number;
  private probedMs: number | undefined;
  private times = 0;

  constructor(
    private readonly tuning: EjectionTuning,
    nowMs: number,
    isGentle: boolean,
  ) {
    this.inSinceMs = nowMs;
    this.rampEndMs = isGentle ? nowMs + tuning.rampMs : nowMs;
  }

  get isOut(): boolean {
    return this.untilMs !== undefined;
  }

  /** Takes it out of service, for longer the more often that happened lately. */
  eject(nowMs: number): void {
    if (!this.isOut && nowMs - this.inSinceMs >= this.tuning.forgiveMs) this.times = 0;
    const lasts = Math.min(this.tuning.maxEjectMs, this.tuning.ejectMs * 2 ** this.times);
    this.times += 1;
    this.untilMs = nowMs + lasts;
    this.probedMs = undefined;
  }

  /** Whether a call should be sent to find out if it is well again. */
  isProbeDue(nowMs: number): boolean {
    if (this.untilMs === undefined || nowMs < this.untilMs) return false;
    return this.probedMs === undefined || nowMs - this.probedMs > PROBE_LOST_MS;
  }

  /** A call is on its way to find out; no other is sent meanwhile. */
  startProbe(nowMs: number): void {
    this.probedMs = nowMs;
  }

  /** What the probe found; undefined when it found nothing, and another is due. */
  endProbe(isWell: boolean | undefined, nowMs: number): void {
    this.probedMs = undefined;
    if (isWell === false) this.eject(nowMs);
    if (isWell !== true) return;
    this.untilMs = undefined;
    this.startGently(nowMs);
  }

  /** Puts it back into service at once and in full: the others are no better. */
  pardon(): void {
    this.untilMs = undefined;
    this.probedMs = undefined;
  }

  /** Starts with a small share. */
  startGently(nowMs: number): void {
    this.inSinceMs = nowMs;
    this.rampEndMs = nowMs + this.tuning.rampMs;
  }

  /** The share of its calls that it should get, above 0 and up to 1. */
  share(nowMs: number): number {
    if (nowMs >= this.rampEndMs) return 1;
    return Math.max(FIRST_SHARE, 1 - (this.rampEndMs - nowMs) / this.tuning.rampMs);
  }
}
