import type { BenchOptions } from '../bench.js';
import type { Call } from '../load/call.js';
import { applyLoad, type LoadResult } from '../load/load.js';
import type { Cell, MeasuredCell } from './cells.js';
import { describeError } from './describe-error.js';
import type { Target } from './targets/target.js';

/** A cell, what is sent for it, and whose processes answer. */
export interface PlannedCell {
  readonly cell: Cell;
  readonly call: Call;
  readonly owner: Target;
}

/** A cell that failed under load, and why. */
export interface FailedCell {
  readonly target: string;
  readonly reason: string;
}

const WARM_UP_SECONDS = 1;

/** Measures every cell once per round; a cell that fails once is left out from then on. */
export async function measureCells(
  cells: readonly PlannedCell[],
  options: BenchOptions,
): Promise<{ measured: MeasuredCell[]; failed: FailedCell[] }> {
  const results = new Map<PlannedCell, LoadResult[]>(cells.map((planned) => [planned, []]));
  const failed: FailedCell[] = [];
  const attempt = async (planned: PlannedCell, run: () => Promise<unknown>) => {
    try {
      await whileAwake(planned.owner, run);
    } catch (error) {
      options.signal.throwIfAborted();
      const reason = `${describeCell(planned.cell)}: ${describeError(error)}`;
      options.say(`failed: ${reason}`);
      failed.push({ target: planned.cell.target, reason });
      results.delete(planned);
    }
  };
  for (const planned of widest(cells)) {
    await attempt(planned, () => load(planned, WARM_UP_SECONDS, options.signal));
  }
  for (let round = 1; round <= options.rounds; round++) {
    for (const [planned, rounds] of results) {
      await attempt(planned, async () => {
        const result = await load(planned, options.seconds, options.signal);
        rounds.push(result);
        options.say(`round ${round}: ${describeCell(planned.cell)}: ${result.rps.toFixed(0)} req/s`);
      });
    }
  }
  return { measured: [...results].map(([{ cell }, rounds]) => ({ ...cell, rounds })), failed };
}

/** Of every kind of call the cell with most connections: what warms that up warms up the others. */
function widest(cells: readonly PlannedCell[]): PlannedCell[] {
  return cells.filter(
    ({ cell, call }) =>
      !cells.some((other) => isSameCall(other.call, call) && other.cell.connections > cell.connections),
  );
}

/** Every cell of a kind of call has a request of its own with the same content. */
function isSameCall(one: Call, other: Call): boolean {
  return (
    one.protocol === other.protocol &&
    one.url === other.url &&
    one.headers['content-type'] === other.headers['content-type']
  );
}

/** Other targets sleep, so that nothing but the measured one and the load costs CPU. */
async function whileAwake(target: Target, run: () => Promise<unknown>): Promise<void> {
  await target.resume();
  try {
    await run();
  } finally {
    await target.pause();
  }
}

function load({ call, cell }: PlannedCell, seconds: number, signal: AbortSignal): Promise<LoadResult> {
  return applyLoad({ ...call, connections: cell.connections, seconds }, signal);
}

function describeCell({ work, protocol, connections, target }: Cell): string {
  return `${work} ${protocol} ${connections} ${target}`;
}
