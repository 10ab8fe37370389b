import type { Runner, RunRef } from '../runners/runner.js';
import type { RunOutcome } from './run-outcome.js';

/** More than this on standard output and error is taken for a trainer out of control. */
const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;
/** When the service stops it cannot wait long itself. */
const SERVICE_GRACE_MS = 4_000;

/** Why a trainer is stopped. */
type Reason = 'user' | 'service' | 'size';

/** Stops a trainer that must not go on: SIGTERM first, SIGKILL when that did not help in time. */
export class RunStopper {
  private asked: { readonly reason: Reason; readonly at: number } | undefined;

  constructor(
    private readonly runner: Runner,
    private readonly ref: RunRef,
    private readonly graceMs: number,
  ) {}

  hasAskedFor(reason: Reason): boolean {
    return this.asked?.reason === reason;
  }

  /** Called again and again while the trainer runs. */
  async enforce(wish: { isCancelled: boolean; isServiceStopping: boolean }): Promise<void> {
    const reason = await this.reasonFor(wish);
    if (!reason) return;
    if (!this.asked) await this.runner.terminate(this.ref);
    const at = this.asked?.at ?? performance.now();
    this.asked = { reason, at };
    const graceMs = wish.isServiceStopping ? Math.min(this.graceMs, SERVICE_GRACE_MS) : this.graceMs;
    if (reason === 'size' || performance.now() - at >= graceMs) await this.runner.kill(this.ref);
  }

  tooLarge(): RunOutcome {
    const message = `The trainer was stopped after it had printed more than ${MAX_OUTPUT_BYTES} bytes. Let it print less.`;
    return { kind: 'failed', failure: { code: 'output_too_large', message } };
  }

  private async reasonFor(wish: {
    isCancelled: boolean;
    isServiceStopping: boolean;
  }): Promise<Reason | null> {
    if (this.hasAskedFor('size')) return 'size';
    if (wish.isCancelled) return 'user';
    if (wish.isServiceStopping) return 'service';
    return (await this.runner.outputSize(this.ref)) > MAX_OUTPUT_BYTES ? 'size' : null;
  }
}
