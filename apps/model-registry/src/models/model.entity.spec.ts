import { describe, expect, it } from 'vitest';
import { Model } from './model.entity.js';

describe('Model', () => {
  it('hands out version numbers 1, 2, 3 without gaps', () => {
    const model = Model.create('org_1', 'faithful');
    expect([model.nextNumber(), model.nextNumber(), model.nextNumber()]).toEqual([1, 2, 3]);
  });

  it('counts the moves of an alias, and a move to where it is already is none', () => {
    const model = Model.create('org_1', 'faithful');
    expect(model.moveAlias('production', 1)).toBe(1);
    expect(model.moveAlias('production', 1)).toBeNull();
    expect(model.moveAlias('production', 2)).toBe(2);
    expect(model.aliases).toEqual({ production: 2 });
  });

  it.each(['', '1', 'Production', 'a b', 'a/b', '-a', 'a'.repeat(64)])('refuses %j as an alias', (alias) => {
    const model = Model.create('org_1', 'faithful');
    expect(() => model.moveAlias(alias, 1)).toThrow(/cannot be an alias/);
    expect(model.aliases).toEqual({});
  });
});
