import { describe, expect, it } from 'vitest';
import { planAdmission } from './admission.js';
import type { Occupant } from './admission.js';

interface Named extends Occupant {
  readonly name: string;
}

function occupant(name: string, memoryBytes: number, over: Partial<Named> = {}): Named {
  return { name, memoryBytes, isPinned: false, isIdle: true, worth: 1, lastUsedMs: 0, ...over };
}

function victims(needBytes: number, occupants: readonly Named[], mayEvict = true): string[] | string {
  const plan = planAdmission({ needBytes, budgetBytes: 100, mayEvict }, occupants);
  return plan.kind === 'fits' ? plan.victims.map((each) => each.name) : plan.kind;
}

describe('admission', () => {
  it('evicts nobody when there is room, to the last byte', () => {
    expect(victims(40, [occupant('a', 60)])).toEqual([]);
  });

  it('evicts the least valuable first, the longest unused among equals', () => {
    const worth = [
      occupant('dear', 30, { worth: 9 }),
      occupant('cheap', 30),
      occupant('fair', 30, { worth: 2 }),
    ];
    expect(victims(30, worth)).toEqual(['cheap']);
    const age = [occupant('late', 50, { lastUsedMs: 7 }), occupant('early', 50, { lastUsedMs: 3 })];
    expect(victims(30, age)).toEqual(['early']);
  });

  it('evicts no more than it must when a large one makes small ones before it unnecessary', () => {
    const some = [occupant('small', 10, { worth: 1 }), occupant('large', 80, { worth: 2 })];
    expect(victims(60, some)).toEqual(['large']);
  });

  it('never evicts what is pinned or busy', () => {
    const some = [occupant('pinned', 30, { isPinned: true }), occupant('busy', 30, { isIdle: false })];
    expect(victims(50, some)).toBe('short');
    expect(victims(30, [...some, occupant('idle', 40, { worth: 99 })])).toEqual(['idle']);
  });

  it('evicts nobody for a load that nobody waits for', () => {
    expect(victims(50, [occupant('idle', 60)], false)).toBe('short');
  });

  it('says that a load can never fit: larger than the budget, or than what pinned versions leave', () => {
    expect(victims(101, [])).toBe('impossible');
    expect(victims(61, [occupant('pinned', 40, { isPinned: true })])).toBe('impossible');
    expect(victims(60, [occupant('pinned', 40, { isPinned: true })])).toEqual([]);
  });
});
