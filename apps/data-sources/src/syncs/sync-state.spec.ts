import { DomainError } from '@aimass/platform-errors';
import { describe, expect, it } from 'vitest';
import { assertTransition, isFinal, SYNC_TRANSITIONS } from './sync-state.js';
import type { SyncState } from './sync-state.js';

const states = Object.keys(SYNC_TRANSITIONS) as SyncState[];
const allowed = new Set([
  'queued → fetching',
  'queued → failed',
  'queued → cancelled',
  'fetching → queued',
  'fetching → importing',
  'fetching → unchanged',
  'fetching → failed',
  'fetching → cancelled',
  'importing → queued',
  'importing → succeeded',
  'importing → unchanged',
  'importing → failed',
  'importing → cancelled',
]);

describe('the state machine of a sync', () => {
  for (const from of states) {
    for (const to of states) {
      const isAllowed = allowed.has(`${from} → ${to}`);
      it(`${isAllowed ? 'allows' : 'refuses'} ${from} → ${to}`, () => {
        if (isAllowed) expect(() => assertTransition(from, to)).not.toThrow();
        else expect(() => assertTransition(from, to)).toThrow(DomainError);
      });
    }
  }

  it('has four final states', () => {
    expect(states.filter(isFinal)).toEqual(['succeeded', 'unchanged', 'failed', 'cancelled']);
  });

  it('can be cancelled in every state that is not final', () => {
    for (const state of states.filter((each) => !isFinal(each))) {
      expect(SYNC_TRANSITIONS[state]).toContain('cancelled');
    }
  });
});
