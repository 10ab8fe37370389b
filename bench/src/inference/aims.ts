import { median } from '../load/statistics.js';
import type { Cell, MeasuredCell, Setting } from './cells.js';

/** Something that one target should reach beside another. */
export interface Aim extends Setting {
  readonly target: string;
  readonly beside: string;
  /** `ratio`: requests per second of `target` over those of `beside`. `added`: its p50 minus the other's, in ms. */
  readonly kind: 'ratio' | 'added';
  /** A ratio of at least this, or at most so many ms added. */
  readonly bound: number;
}

/** An aim, and what came of it. */
export interface AimResult extends Aim {
  /** Median over the rounds of what the round's two neighbours give. */
  readonly value: number;
  /** Smallest and largest of the rounds: a difference smaller than this says nothing. */
  readonly lowest: number;
  readonly highest: number;
  readonly reached: boolean;
}

const ONE_ROW = ['linear', 'mlp'];
const MANY = [16, 64];
const JSON_CONNECTIONS = [1, 16, 64];

/** The aims that the project set itself; each is judged when both of its cells were measured. */
export const AIMS: readonly Aim[] = [
  ...ONE_ROW.flatMap((work) => [
    ...MANY.flatMap((connections) => [
      ratioAim({ work, connections, beside: 'ceiling', bound: 0.7 }),
      ratioAim({ work, connections, beside: 'fastapi', bound: 3 }),
      ratioAim({ work, connections, beside: 'mlserver', bound: 8 }),
    ]),
    { ...ratioAim({ work, connections: 1, beside: 'ceiling', bound: 0.6 }), kind: 'added' } as const,
  ]),
  // Here batching has to pay for the hop.
  ratioAim({ work: 'mlp', connections: 64, beside: 'ceiling', bound: 1 }),
  ...JSON_CONNECTIONS.map((connections) =>
    ratioAim({ work: 'binary1mb', connections, beside: 'aimass-json', bound: 5 }),
  ),
];

function ratioAim(aim: Pick<Aim, 'work' | 'connections' | 'beside' | 'bound'>): Aim {
  return { ...aim, protocol: 'http', target: 'aimass', kind: 'ratio' };
}

/** Judges every aim whose two cells were measured in the same rounds. */
export function judge(aims: readonly Aim[], cells: readonly MeasuredCell[]): AimResult[] {
  return aims.flatMap((aim) => {
    const [mine, other] = [findCell(cells, aim, aim.target), findCell(cells, aim, aim.beside)];
    return mine && other ? [judgeOne(aim, mine, other)] : [];
  });
}

/** The aims that cannot be judged because a cell that was planned was not measured. */
export function findUnmeasured(
  aims: readonly Aim[],
  planned: readonly Cell[],
  measured: readonly Cell[],
): Aim[] {
  const holdsBoth = (cells: readonly Cell[], aim: Aim) =>
    [aim.target, aim.beside].every((target) => findCell(cells, aim, target));
  return aims.filter((aim) => holdsBoth(planned, aim) && !holdsBoth(measured, aim));
}

function findCell<C extends Cell>(
  cells: readonly C[],
  { work, protocol, connections }: Setting,
  target: string,
): C | undefined {
  const same = (cell: Cell) =>
    cell.work === work && cell.protocol === protocol && cell.connections === connections;
  return cells.find((cell) => same(cell) && cell.target === target);
}

function judgeOne(aim: Aim, mine: MeasuredCell, other: MeasuredCell): AimResult {
  const values = mine.rounds.map((round, index) => {
    const neighbour = other.rounds[index];
    if (!neighbour) return Number.NaN;
    return aim.kind === 'ratio' ? round.rps / neighbour.rps : round.p50Ms - neighbour.p50Ms;
  });
  const value = median(values);
  const reached = aim.kind === 'ratio' ? value >= aim.bound : value <= aim.bound;
  return { ...aim, value, lowest: Math.min(...values), highest: Math.max(...values), reached };
}
