import { describe, expect, it } from 'vitest';
import type { routing } from '@aimass/contracts';
import type { ServedModel } from '../models/served-model.js';
import { ModelDirectory } from './model-directory.js';
import type { NamedRoute } from './model-directory.js';

/** What the directory reads of a model. */
const served = (id: string, number: number) => ({ spec: { id, number }, state: 'ready' }) as ServedModel;
const models = [served('mv_a', 1), served('mv_b', 2), served('mv_c', 1), served('mv_d', 7)];

function routeOf(organizationId: string, name: string, weights: Record<string, number>): NamedRoute {
  const variants = Object.entries(weights).map(([modelVersionId, weight]) => ({
    modelVersionId,
    weight,
    name: modelVersionId,
    versionNumber: models.find(({ spec }) => spec.id === modelVersionId)?.spec.number ?? 0,
  }));
  const route = { name, variants, aliases: { champion: 2 } } as Partial<routing.Route> as routing.Route;
  return { organizationId, route };
}

const directory = new ModelDirectory({ list: () => models }, () => [
  routeOf('org_1', 'line', { mv_a: 90, mv_b: 10 }),
  routeOf('org_1', 'same', { mv_a: 1 }),
  routeOf('org_2', 'same', { mv_c: 1, mv_b: 0 }),
  routeOf('org_2', 'vendor/line', { mv_b: 1 }),
  routeOf('org_2', 'elsewhere', { mv_x: 1 }),
]);

describe('a name', () => {
  it.each([
    ['line', undefined, 'mv_a'],
    ['line', '2', 'mv_b'],
    ['line', 'mv_b', 'mv_b'],
    ['line', 'champion', 'mv_b'],
    ['org_1/line', '1', 'mv_a'],
    ['org_1/same', undefined, 'mv_a'],
    ['org_2/same', undefined, 'mv_c'],
    ['vendor/line', undefined, 'mv_b'],
    ['mv_d', undefined, 'mv_d'],
    ['mv_d', '7', 'mv_d'],
  ])('%s and version %s is the version %s', (name, slot, id) => {
    expect(directory.findVersion(name, slot).spec.id).toBe(id);
  });

  it.each([
    ['same', undefined, /Several organizations call a model "same": say whose, as "org_1\/same"/],
    ['nobody', undefined, /No model "nobody" is on this replica/],
    ['org_2/line', undefined, /No model "org_2\/line"/],
    ['elsewhere', undefined, /No version of "elsewhere" is on this replica/],
    ['line', '3', /"line" has no version or alias "3" on this replica. It has: 1, 2/],
    ['line', 'mv_c', /no version or alias "mv_c"/],
    ['line', 'constructor', /no version or alias "constructor"/],
    ['mv_d', '1', /has no version or alias "1"/],
  ])('%s and version %s is refused with 404', (name, slot, message) => {
    expect(() => directory.findVersion(name, slot)).toThrow(message);
    expect(() => directory.findVersion(name, slot)).toThrow(expect.objectContaining({ status: 404 }));
  });

  it('shares its calls among the versions with a weight', () => {
    expect(directory.find('org_2/same').shared.map(({ spec }) => spec.id)).toEqual(['mv_c']);
  });
});

it('lists everything under the names it can be called by, and by its id what has none', () => {
  expect(directory.all().map(({ name, model }) => `${name} ${model.spec.number}`)).toEqual([
    'line 1',
    'line 2',
    'mv_d 7',
    'org_1/same 1',
    'org_2/same 1',
    'org_2/same 2',
    'vendor/line 2',
  ]);
});
