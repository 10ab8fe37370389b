import { describe, expect, it } from 'vitest';
import { descend } from './process-tree.js';

const TABLE = `
    1     0
   20     1
   30    20
   31    20
   40    31
   50     1
`;

describe('descend', () => {
  it('finds children of children, and nobody else', () => {
    expect(descend(20, TABLE)).toEqual([20, 30, 31, 40]);
  });

  it('is empty for a process that is gone', () => expect(descend(99, TABLE)).toEqual([]));
});
