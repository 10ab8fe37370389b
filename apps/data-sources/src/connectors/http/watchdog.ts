import { sourceTimedOut, sourceTooSlow } from '../reading.errors.js';

/** How long a source is listened to. */
export interface Patience {
  /** Nothing is read for longer. */
  readonly timeoutSeconds: number;
  /** Over each window, at least so many bytes must come on average. */
  readonly minimumBytesPerSecond: number;
  /** Length of a window; the answer must have begun within the first one. */
  readonly windowSeconds: number;
}

/** Ends the reading of a source that is too slow, or that goes on for too long, whatever it is waiting for. */
export class Watchdog {
  private readonly controller = new AbortController();
  private readonly timers: NodeJS.Timeout[];
  private windowBytes = 0;

  constructor(host: string, patience: Patience) {
    const { timeoutSeconds, minimumBytesPerSecond, windowSeconds } = patience;
    const expectedBytes = minimumBytesPerSecond * windowSeconds;
    this.timers = [
      setTimeout(() => {
        this.controller.abort(sourceTimedOut(host, timeoutSeconds));
      }, timeoutSeconds * 1000),
      setInterval(() => {
        if (this.windowBytes < expectedBytes) {
          this.controller.abort(sourceTooSlow(host, minimumBytesPerSecond));
        }
        this.windowBytes = 0;
      }, windowSeconds * 1000),
    ];
  }

  /** Aborted with the error to report. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  received(bytes: number): void {
    this.windowBytes += bytes;
  }

  stop(): void {
    // One call ends both kinds of timer.
    for (const timer of this.timers) clearTimeout(timer);
  }
}
