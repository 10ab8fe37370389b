/** A version that takes memory, or is about to. */
export interface Occupant {
  readonly memoryBytes: number;
  /** Never evicted for others. */
  readonly isPinned: boolean;
  /** It is in memory and nothing runs or waits. */
  readonly isIdle: boolean;
  /** What keeping it is worth; the least is evicted first. */
  readonly worth: number;
  readonly lastUsedMs: number;
}

/** Whether a load may start, and what has to go first. */
export type AdmissionPlan<T extends Occupant> =
  | { readonly kind: 'fits'; readonly victims: readonly T[] }
  /** Not now: what could go is busy, or nothing may go for this load. */
  | { readonly kind: 'short' }
  /** Not even in an otherwise empty memory, or only without what is pinned. */
  | { readonly kind: 'impossible'; readonly pinnedBytes: number };

/** What is asked of the memory. */
export interface MemoryNeed {
  readonly needBytes: number;
  readonly budgetBytes: number;
  /** Whether others may be evicted for it. */
  readonly mayEvict: boolean;
}

/** Chooses what to evict so that a load fits into the budget: the least valuable idle versions, and no more than needed. */
export function planAdmission<T extends Occupant>(
  { needBytes, budgetBytes, mayEvict }: MemoryNeed,
  occupants: readonly T[],
): AdmissionPlan<T> {
  const pinnedBytes = pinnedBytesOf(occupants);
  if (needBytes > budgetBytes - pinnedBytes) return { kind: 'impossible', pinnedBytes };
  const missingBytes = needBytes - (budgetBytes - sum(occupants));
  if (missingBytes <= 0) return { kind: 'fits', victims: [] };
  if (!mayEvict) return { kind: 'short' };
  const victims = chooseVictims(missingBytes, occupants);
  return victims ? { kind: 'fits', victims } : { kind: 'short' };
}

/** Bytes that no load can have. */
export function pinnedBytesOf(occupants: readonly Occupant[]): number {
  return sum(occupants.filter((each) => each.isPinned));
}

function chooseVictims<T extends Occupant>(missingBytes: number, occupants: readonly T[]): T[] | undefined {
  const candidates = occupants
    .filter((each) => each.isIdle && !each.isPinned)
    .sort((a, b) => a.worth - b.worth || a.lastUsedMs - b.lastUsedMs);
  let freedBytes = 0;
  let count = 0;
  for (; count < candidates.length && freedBytes < missingBytes; count++) {
    freedBytes += candidates[count]?.memoryBytes ?? 0;
  }
  if (freedBytes < missingBytes) return undefined;
  // A large one at the end may make the small ones before it unnecessary: the most valuable of those stay.
  const needed: T[] = [];
  for (const victim of candidates.slice(0, count).reverse()) {
    if (freedBytes - victim.memoryBytes >= missingBytes) freedBytes -= victim.memoryBytes;
    else needed.push(victim);
  }
  return needed.reverse();
}

function sum(occupants: readonly Occupant[]): number {
  return occupants.reduce((bytes, each) => bytes + each.memoryBytes, 0);
}
