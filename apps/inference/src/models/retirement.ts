/** Versions that no route mentions wait at most this long for those that are mentioned to be loaded. */
const LONGEST_HOLD_MS = 5 * 60_000;
/** A version that still has work after the grace period is looked at again after this long. */
const BUSY_RECHECK_MS = 100;

/** What retirement needs to know of the store. */
export interface RetirementHooks {
  /** Whether none of the versions that routes mention is being loaded. */
  readonly isSettled: () => boolean;
  /** Takes the version away, unless it has work: then returns false. */
  readonly leave: (id: string) => boolean;
}

/**
 * Lets versions go without anybody noticing: their successors are loaded first, then comes a grace period for calls on
 * their way and gateways that have not heard yet, then what they were given is finished.
 */
export class Retirement {
  /** `held`: until the successors are loaded. */
  private readonly leaving = new Map<string, { timer: NodeJS.Timeout; isHeld: boolean }>();

  constructor(
    private readonly graceMs: number,
    private readonly hooks: RetirementHooks,
  ) {}

  /** No route mentions it any more. */
  start(id: string): void {
    if (this.leaving.has(id)) return;
    if (this.hooks.isSettled()) this.leaveAfter(id, this.graceMs);
    else this.leaving.set(id, { isHeld: true, timer: this.startGraceAfter(id, LONGEST_HOLD_MS) });
  }

  /** A route mentions it again. */
  cancel(id: string): void {
    clearTimeout(this.leaving.get(id)?.timer);
    this.leaving.delete(id);
  }

  /** The state of some version changed. */
  check(): void {
    const held = [...this.leaving].filter(([, { isHeld }]) => isHeld);
    if (held.length === 0 || !this.hooks.isSettled()) return;
    for (const [id] of held) this.startGrace(id);
  }

  stop(): void {
    for (const { timer } of this.leaving.values()) clearTimeout(timer);
    this.leaving.clear();
  }

  private startGraceAfter(id: string, waitMs: number): NodeJS.Timeout {
    return setTimeout(() => this.startGrace(id), waitMs).unref();
  }

  private startGrace(id: string): void {
    clearTimeout(this.leaving.get(id)?.timer);
    this.leaveAfter(id, this.graceMs);
  }

  private leaveAfter(id: string, waitMs: number): void {
    const leave = (): void => {
      if (this.hooks.leave(id)) this.leaving.delete(id);
      else this.leaveAfter(id, BUSY_RECHECK_MS);
    };
    this.leaving.set(id, { isHeld: false, timer: setTimeout(leave, waitMs).unref() });
  }
}
