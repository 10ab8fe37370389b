import type { ProxyLog } from './ports.js';

/** A lag is standing once no turn was short for this long. */
const STANDING_MS = 1_000;
/** How often the event loop is looked at. */
const TICK_MS = 10;
/** An operator hears of it this often at most. */
const NOTICE_MS = 10_000;

/** When new predictions are too many. */
export interface OverloadTuning {
  /** How far behind the event loop may be, in milliseconds. */
  readonly maxLagMs: number;
  readonly maxOpenCalls: number;
  readonly maxOpenBytes: number;
}

/** What is open. */
export interface OpenCalls {
  readonly openCalls: number;
  /** The bytes of their bodies. */
  readonly openBytes: number;
}

/**
 * Whether the gateway has more to do than it can. What waits for a turn of the event loop waits in the sockets, where
 * nobody sees how much that is; but a turn that has taken 100 ms already shows that what comes up in it has waited about
 * as long. Those are refused, cheaply, until the turn ends: the queue is bounded in time, whatever its length. One long
 * turn among short ones is a pause or a burst and refuses nothing; it has to go on for a second.
 */
export class Overload {
  private timer: NodeJS.Timeout | undefined;
  private turnMs: number;
  /** When a turn was last short. */
  private calmMs: number;
  private noticedMs = Number.NEGATIVE_INFINITY;
  private shed = 0;

  constructor(
    private readonly tuning: OverloadTuning,
    private readonly open: OpenCalls,
    private readonly log: ProxyLog,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.turnMs = now();
    this.calmMs = this.turnMs;
  }

  /** Starts to watch the event loop. */
  start(): void {
    this.turnMs = this.now();
    this.calmMs = this.turnMs;
    this.timer = setInterval(() => this.turned(), TICK_MS);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  /** Whether a new prediction is to be refused with 503 and `Retry-After`. Health and control are never refused. */
  isShedding(): boolean {
    const reason = this.reason();
    if (reason === undefined) return false;
    this.shed += 1;
    const nowMs = this.now();
    if (nowMs - this.noticedMs >= NOTICE_MS) {
      this.noticedMs = nowMs;
      this.log.warn(`predictions are refused (${this.shed} so far): ${reason}`);
    }
    return true;
  }

  /** How many predictions were refused. */
  get shedCalls(): number {
    return this.shed;
  }

  /** The event loop has begun another turn. */
  turned(): void {
    const nowMs = this.now();
    if (nowMs - this.turnMs - TICK_MS <= this.tuning.maxLagMs / 2) this.calmMs = nowMs;
    this.turnMs = nowMs;
  }

  private reason(): string | undefined {
    const { maxLagMs, maxOpenCalls, maxOpenBytes } = this.tuning;
    if (this.open.openCalls >= maxOpenCalls) return `${maxOpenCalls} are open`;
    if (this.open.openBytes >= maxOpenBytes) return `the open ones have ${maxOpenBytes} bytes`;
    const nowMs = this.now();
    if (this.timer === undefined || nowMs - this.calmMs <= STANDING_MS) return undefined;
    const lagMs = nowMs - this.turnMs - TICK_MS;
    return lagMs > maxLagMs ? `the event loop is ${Math.round(lagMs)} ms behind` : undefined;
  }
}
