import { deadlineExceeded, unavailable } from './pending-call.js';
import type { CallFailure, PendingCall } from './pending-call.js';

const MAX_CALLS = 1_000;
const MAX_BYTES = 64 * 1024 * 1024;

/** Calls that wait for a replica, bounded in number and memory. */
export class HeldCalls {
  private calls = new Set<PendingCall>();
  private bytes = 0;

  /** Holds a call; false when there is no room. */
  add(call: PendingCall): boolean {
    const bytes = this.bytes + call.spec.body.length;
    if (this.calls.size >= MAX_CALLS || (this.calls.size > 0 && bytes > MAX_BYTES)) return false;
    this.calls.add(call);
    this.bytes = bytes;
    return true;
  }

  /** Hands over those that somebody still waits for. */
  takeAll(): PendingCall[] {
    const taken = [...this.calls].filter((call) => call.isOpen);
    this.calls = new Set();
    this.bytes = 0;
    return taken;
  }

  /** Fails calls that have been held for long enough, and drops those that nobody waits for. */
  expire(nowMs: number): void {
    for (const call of this.calls) {
      if (call.isOpen && nowMs < call.holdUntilMs) continue;
      this.calls.delete(call);
      this.bytes -= call.spec.body.length;
      call.fail(
        nowMs >= call.spec.deadlineMs
          ? deadlineExceeded()
          : unavailable(
              'No replica has this model version ready. It may still be loading: try again shortly.',
            ),
      );
    }
  }

  failAll(failure: CallFailure): void {
    for (const call of this.takeAll()) call.fail(failure);
  }
}
