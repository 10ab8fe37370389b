import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { parentPort } from 'node:worker_threads';
import type { RunCounters } from './run-counters.js';

/** What the watchdog is told at its start. */
export interface WatchdogData {
  readonly counters: RunCounters;
  readonly limitSeconds: number;
}

/** Which version has a slot from now on; without one it is free. */
export interface SlotNotice {
  readonly slot: number;
  readonly modelVersionId: string | undefined;
}

/** A run is looked at this often within its limit. */
const LOOKS = 20;

const { counters, limitSeconds } = workerData as WatchdogData;
/** What is known of each slot: whose it is, its count at the last look, and for how many looks that has not changed. */
const slots = new Map<number, { id: string; count: number; looks: number }>();

parentPort?.on('message', ({ slot, modelVersionId }: SlotNotice) => {
  if (modelVersionId === undefined) slots.delete(slot);
  else slots.set(slot, { id: modelVersionId, count: 0, looks: 0 });
});

// Looks are counted, not seconds: a process that was stopped for a while has not run too long.
setInterval(look, (limitSeconds * 1000) / LOOKS);

function look(): void {
  const stuck: string[] = [];
  for (const [slot, known] of slots) {
    const count = Atomics.load(counters, slot);
    const isRunning = (count & 1) === 1;
    known.looks = isRunning && count === known.count ? known.looks + 1 : 0;
    known.count = count;
    if (known.looks >= LOOKS) stuck.push(known.id);
  }
  if (stuck.length === 0) return;
  const runs = stuck.length === 1 ? 'a run of model version' : 'runs of model versions';
  // The main thread may be the one that is stuck, so nothing of its is used.
  writeSync(
    2,
    `watchdog: ${runs} ${stuck.join(', ')} did not end within ${limitSeconds} s: ending the process\n`,
  );
  // Of all signals that end a process at once, none other says "out of time" and leaves no core behind.
  process.kill(process.pid, 'SIGALRM');
}
