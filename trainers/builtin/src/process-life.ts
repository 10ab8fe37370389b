import type { Contract } from './contract.js';

const SIGNAL_NUMBERS = { SIGTERM: 15, SIGINT: 2 } as const;

/**
 * A cancelled job ends at once with 128 + the signal's number (143 for SIGTERM) and leaves no model behind.
 * The trainer yields to the event loop every few milliseconds, so this runs within a fraction of a second.
 */
export function stopOnSignals(contract: Contract): void {
  for (const [signal, number] of Object.entries(SIGNAL_NUMBERS)) {
    process.once(signal, () => {
      contract.removeModel();
      process.stderr.write(`stopped by ${signal}\n`);
      process.exit(128 + number);
    });
  }
}

/** When the reader of the metrics has died, the job goes on: its result is in files, not in the pipe. */
export function survivesClosedOutput(): void {
  const ignore = (): void => undefined;
  process.stdout.on('error', ignore);
  process.stderr.on('error', ignore);
}
