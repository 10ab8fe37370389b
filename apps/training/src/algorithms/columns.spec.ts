import { describe, expect, it } from 'vitest';
import { assertColumns } from './columns.js';

const columns = [
  { name: 'a', type: 'double', isNumeric: true },
  { name: 'b', type: 'integer', isNumeric: true },
  { name: 'note', type: 'text', isNumeric: false },
];
const check = (target: string, features: string[] | null) => () =>
  assertColumns({ target, features }, columns);

describe('the columns of a job', () => {
  it('may be any numeric ones, or all but the target', () => {
    expect(check('a', ['b'])).not.toThrow();
    expect(check('a', null)).not.toThrow();
  });

  it.each([
    ['an unknown target', 'z', ['a'], 'training.column_unknown', /Its columns are: a, b, note/],
    ['an unknown feature', 'a', ['z'], 'training.column_unknown', /"z"/],
    ['a text target', 'note', null, 'training.column_not_numeric', /"note" is text/],
    ['a text feature', 'a', ['note'], 'training.column_not_numeric', /"note" is text/],
    ['the target as feature', 'a', ['b', 'a'], 'training.target_is_feature', /"a" is both/],
  ])('are refused: %s', (...[, target, features, code, message]) => {
    expect(check(target, features)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) as string }),
    );
  });

  it('refuse a target that preprocessing has rescaled, but no such feature', () => {
    const prepared = [...columns, { name: 'z', type: 'double', isNumeric: true, isRescaled: true }];
    expect(() => assertColumns({ target: 'z', features: null }, prepared)).toThrow(/not be in its units/);
    expect(() => assertColumns({ target: 'a', features: ['z'] }, prepared)).not.toThrow();
  });

  it('must leave a feature', () => {
    const few = columns.filter(({ name }) => name !== 'b');
    expect(() => assertColumns({ target: 'a', features: null }, few)).toThrow(/No numeric column is left/);
  });
});
