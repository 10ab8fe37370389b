import { migrateUpDownUp } from '@aimass/testing';
import { expect, it } from 'vitest';
import { entities, migrations } from '../src/data-source.js';

it('migrates up to what the entities read, down to nothing, and up again', async () => {
  expect(await migrateUpDownUp({ entities, migrations })).toEqual([]);
});
