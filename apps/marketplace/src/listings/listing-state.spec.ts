import { describe, expect, it } from 'vitest';
import { assertMayMove, LISTING_STATES, nextState, TRANSITIONS } from './listing-state.js';
import type { ListingMove, ListingState } from './listing-state.js';

const MOVES = Object.keys(TRANSITIONS) as ListingMove[];
const LEGAL: Record<string, ListingState> = {
  'draft submit': 'submitted',
  'rejected submit': 'submitted',
  'submitted approve': 'approved',
  'submitted reject': 'rejected',
  'approved publish': 'published',
  'published delist': 'delisted',
};

describe('nextState', () => {
  const pairs = LISTING_STATES.flatMap((state) => MOVES.map((move) => [state, move] as const));

  it('covers 6 states × 5 moves, of which 6 are legal', () => {
    expect(pairs).toHaveLength(30);
    expect(pairs.filter(([state, move]) => `${state} ${move}` in LEGAL)).toHaveLength(6);
  });

  it.each(pairs)('%s –%s→ as the table says', (state, move) => {
    const to = LEGAL[`${state} ${move}`];
    if (to !== undefined) return expect(nextState(state, move)).toBe(to);
    expect(() => nextState(state, move)).toThrow(
      expect.objectContaining({
        kind: 'conflict',
        code: 'marketplace.listing_move_illegal',
        message: expect.stringMatching(new RegExp(`${move}.*${state}`)) as string,
      }),
    );
  });

  it('reaches every state from a draft', () => {
    const reached = new Set<ListingState>(['draft', ...MOVES.map((move) => TRANSITIONS[move].to)]);
    expect([...reached].sort()).toEqual([...LISTING_STATES].sort());
  });
});

describe('assertMayMove', () => {
  const allowed = (move: ListingMove, isVendor: boolean, isPlatform: boolean): boolean => {
    try {
      assertMayMove(move, { isVendor, isPlatform });
      return true;
    } catch (error) {
      expect(error).toMatchObject({ kind: 'forbidden', code: 'marketplace.listing_move_forbidden' });
      return false;
    }
  };

  it('leaves review to the platform, sale to the vendor, and delisting to both', () => {
    const table = MOVES.map((move) => [move, allowed(move, true, false), allowed(move, false, true)]);
    expect(table).toEqual([
      ['submit', true, false],
      ['approve', false, true],
      ['reject', false, true],
      ['publish', true, false],
      ['delist', true, true],
    ]);
  });

  it('lets a vendor who runs the platform make every move, and a stranger none', () => {
    expect(MOVES.every((move) => allowed(move, true, true))).toBe(true);
    expect(MOVES.some((move) => allowed(move, false, false))).toBe(false);
  });
});
