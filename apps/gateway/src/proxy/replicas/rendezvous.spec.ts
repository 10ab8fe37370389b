import { describe, expect, it } from 'vitest';
import { rendezvous } from './rendezvous.js';

const entries = (...ids: string[]) => ids.map((id) => ({ id }));
const keys = Array.from({ length: 300 }, (_, index) => `mv_${index}`);

describe('rendezvous', () => {
  it('picks the same entry for a key, in whatever order the entries are known', () => {
    for (const key of keys) {
      expect(rendezvous(key, entries('c', 'a', 'b'))).toEqual(rendezvous(key, entries('a', 'b', 'c')));
    }
  });

  it('moves only the keys of an entry that goes', () => {
    for (const key of keys) {
      const before = rendezvous(key, entries('a', 'b', 'c'))?.id;
      if (before !== 'b') expect(rendezvous(key, entries('a', 'c'))?.id).toBe(before);
    }
  });

  it('spreads keys evenly', () => {
    for (const id of ['a', 'b', 'c']) {
      const own = keys.filter((key) => rendezvous(key, entries('a', 'b', 'c'))?.id === id);
      expect(own.length).toBeGreaterThan(70);
    }
  });

  it('picks none of none', () => {
    const none = entries();
    expect([rendezvous('mv_1', none)]).toEqual([undefined]);
  });
});
