import { DomainError } from '@aimass/platform-errors';
import { describe, expect, it } from 'vitest';
import { assertTransition, isFinal, TRANSITIONS } from './job-state.js';
import type { JobState } from './job-state.js';

const states = Object.keys(TRANSITIONS) as JobState[];
const allowed = new Set([
  'queued → running',
  'queued → cancelled',
  'running → queued',
  'running → cancelling',
  'running → succeeded',
  'running → failed',
  'cancelling → cancelled',
]);

describe('the state machine of a job', () => {
  for (const from of states) {
    for (const to of states) {
      const isAllowed = allowed.has(`${from} → ${to}`);
      it(`${isAllowed ? 'allows' : 'refuses'} ${from} → ${to}`, () => {
        if (isAllowed) expect(() => assertTransition(from, to)).not.toThrow();
        else expect(() => assertTransition(from, to)).toThrow(DomainError);
      });
    }
  }

  it('has three final states', () => {
    expect(states.filter(isFinal)).toEqual(['succeeded', 'failed', 'cancelled']);
  });
});
