import { spread } from '../load/statistics.js';
import type { AimResult } from './aims.js';
import { summarize, type MeasuredCell } from './cells.js';

/** The measured cells as lines: one block per work and protocol, sorted by connections. */
export function formatTable(cells: readonly MeasuredCell[]): string[] {
  const titleOf = ({ work, protocol }: MeasuredCell) => `${work} over ${protocol}`;
  const titles = [...new Set(cells.map(titleOf))];
  return titles.flatMap((title) => [
    '',
    title,
    ['target', 'connections', 'req/s', 'noise', 'p50 ms', 'p99 ms'].map(pad).join(' '),
    ...cells
      .filter((cell) => titleOf(cell) === title)
      .sort((a, b) => a.connections - b.connections)
      .map(formatCell),
  ]);
}

function formatCell(cell: MeasuredCell): string {
  const { target, connections, rps, p50Ms, p99Ms } = summarize(cell);
  const noise = spread(cell.rounds.map((round) => round.rps));
  return [target, connections, rps, noise, p50Ms.toFixed(2), p99Ms.toFixed(2)].map(pad).join(' ');
}

const WIDTHS = [12, 11, 9, 7, 9, 9];

function pad(value: string | number, column: number): string {
  const width = WIDTHS[column] ?? 0;
  return column === 0 ? String(value).padEnd(width) : String(value).padStart(width);
}

/** An aim as a line, as in `linear http 16: aimass is 0.82 (0.80 to 0.85) of ceiling, aim ≥ 0.7: reached`. */
export function formatAim(aim: AimResult): string {
  const { work, protocol, connections, target, beside, kind, bound, value, lowest, highest, reached } = aim;
  const range = `(${lowest.toFixed(2)} to ${highest.toFixed(2)})`;
  const fact =
    kind === 'ratio'
      ? `${target} is ${value.toFixed(2)} ${range} of ${beside}, aim ≥ ${bound}`
      : `${target} adds ${value.toFixed(2)} ms ${range} to the p50 of ${beside}, aim ≤ ${bound}`;
  return `${work} ${protocol} ${connections}: ${fact}: ${reached ? 'reached' : 'NOT REACHED'}`;
}
