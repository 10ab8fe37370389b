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

/** A cell that failed under load: what was measured of it before is dropped with it. */
export interface FailedCell {
  readonly target: string;
  readonly reason: string;
}

const WARM_UP_SECONDS = 1;

/** Measures every cell once per round; a cell that fails twice in a row is left out from then on. */
export async function measureCells(
  cells: readonly PlannedCell[],
  options: BenchOptions,
): Promise<{ measured: MeasuredCell[]; failed: FailedCell[] }> {
  const results = new Map<PlannedCell, LoadResult[]>(cells.map((planned) => [planned, []]));
  const failed: FailedCell[] = [];
  for (const planned of widest(cells)) {
    // A cold server may refuse what it can do a second later: that is told, and measured again.
    await whileAwake(planned.owner, () => load(planned, WARM_UP_SECONDS, options.signal)).catch(
      (error: unknown) => options.say(`warming up: ${describeCell(planned.cell)}: ${describeError(error)}`),
    );
  }
  for (let round = 1; round <= options.rounds; round++) {
    for (const [planned, rounds] of results) {
      try {
        const result = await measureTwiceAtMost(planned, options);
        rounds.push(result);
        options.say(`round ${round}: ${describeCell(planned.cell)}: ${result.rps.toFixed(0)} req/s`);
      } catch (error) {
        options.signal.throwIfAborted();
        const reason = `${describeCell(planned.cell)}: ${describeError(error)}`;
        options.say(`failed: ${reason}`);
        failed.push({ target: planned.cell.target, reason });
        results.delete(planned);
      }
    }
  }
  return { measured: [...results].map(([{ cell }, rounds]) => ({ ...cell, rounds })), failed };
}

/** A hiccup of the machine can make a server refuse: what failed is measured once more, and that is told. */
async function measureTwiceAtMost(
  planned: PlannedCell,
  { seconds, say, signal }: BenchOptions,
): Promise<LoadResult> {
  return whileAwake(planned.owner, async () => {
    try {
      return await load(planned, seconds, signal);
    } catch (error) {
      signal.throwIfAborted();
      say(`again: ${describeCell(planned.cell)}: ${describeError(error)}`);
      return load(planned, seconds, signal);
    }
  });
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
async function whileAwake<T>(target: Target, run: () => Promise<T>): Promise<T> {
  await target.resume();
  try {
    return await run();
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
