import { routing, trafficControl } from '@aimass/contracts';
import { describe, expect, it, vi } from 'vitest';
import { resolveVersionSlot } from './version-slot.js';
import { RoutingTable } from './routing-table.js';

const quiet = () => ({ log: vi.fn(), warn: vi.fn(), error: vi.fn() });

function snapshot(
  revision: string,
  versions: readonly [number, number][],
  schemaVersion = 1,
): routing.RoutingSnapshot {
  return routing.RoutingSnapshot.fromPartial({
    schemaVersion,
    organizationId: 'org_a',
    revision,
    routes: [
      {
        name: 'faithful',
        deploymentId: 'dep_1',
        aliases: { production: 1, candidate: 3 },
        variants: versions.map(([versionNumber, weight]) => ({
          name: `v${versionNumber}`,
          modelVersionId: `mv_${versionNumber}`,
          versionNumber,
          weight,
        })),
      },
    ],
    policies: [
      policy('pol_key', trafficControl.PolicyTarget.KEY, 'key_1'),
      policy('pol_org', trafficControl.PolicyTarget.ORGANIZATION, 'org_a'),
      policy('pol_dep', trafficControl.PolicyTarget.DEPLOYMENT, 'dep_1'),
      policy('pol_other', trafficControl.PolicyTarget.DEPLOYMENT, 'dep_2'),
    ],
  });
}

const policy = (id: string, target: trafficControl.PolicyTarget, targetId: string) => ({
  id,
  target,
  targetId,
  requests: 1,
  windowSeconds: 1,
});

describe('RoutingTable', () => {
  it('never lets an older revision replace a newer one, also beyond 2^53', () => {
    const table = new RoutingTable(quiet(), 60_000);
    table.apply('org_a', snapshot('9007199254740993', [[2, 1]]));
    table.apply('org_a', snapshot('9007199254740992', [[1, 1]]));
    expect(table.find('org_a', 'faithful')?.variants[0]?.versionNumber).toBe(2);
  });

  it('keeps the last good snapshot when it does not know the schema version, and says so once', () => {
    const log = quiet();
    const table = new RoutingTable(log, 60_000);
    table.apply('org_a', snapshot('1', [[1, 1]]));
    table.apply('org_a', snapshot('2', [[2, 1]], 2));
    table.apply('org_a', snapshot('3', [[2, 1]], 2));
    expect(table.find('org_a', 'faithful')?.variants[0]?.versionNumber).toBe(1);
    expect(log.warn).toHaveBeenCalledTimes(1);
  });

  it('forgets an organization whose snapshot was removed', () => {
    const table = new RoutingTable(quiet(), 60_000);
    table.apply('org_a', snapshot('5', [[1, 1]]));
    table.apply('org_a', null);
    expect(table.find('org_a', 'faithful')).toBeUndefined();
    table.apply('org_a', snapshot('1', [[1, 1]]));
    expect(table.find('org_a', 'faithful')).toBeDefined();
  });

  it('does not restart the weighted cycle when something else of the organization changed', () => {
    const table = new RoutingTable(quiet(), 60_000);
    const picks = Array.from({ length: 10 }, (_, index) => {
      table.apply('org_a', snapshot(String(index), [[1, 80], [2, 20]])); // prettier-ignore
      return table.find('org_a', 'faithful')?.choice.next().versionNumber;
    });
    expect(picks.filter((number) => number === 2)).toHaveLength(2);
  });

  it('matches the limits of the key, the organization and the deployment', () => {
    const table = new RoutingTable(quiet(), 60_000);
    table.apply('org_a', snapshot('1', [[1, 1]]));
    const idsFor = (key: string) =>
      table
        .find('org_a', 'faithful')
        ?.policiesFor(key)
        .map(({ id }) => id);
    expect(idsFor('key_1')).toEqual(['pol_key', 'pol_org', 'pol_dep']);
    expect(idsFor('key_2')).toEqual(['pol_org', 'pol_dep']);
  });
});

describe('a version that replaces another', () => {
  const table = new RoutingTable(quiet(), 60_000);
  const renamed = (revision: string, number: number): routing.RoutingSnapshot => {
    const next = snapshot(revision, [[number, 1]]);
    for (const variant of next.routes.flatMap(({ variants }) => variants)) variant.name = 'main';
    for (const route of next.routes) route.aliases = { production: number };
    return next;
  };
  table.apply('org_a', renamed('1', 1));
  table.apply('org_a', renamed('2', 2));
  const route = table.find('org_a', 'faithful')!;
  const predecessorsBy = (slot: string) => {
    const resolution = resolveVersionSlot(route, slot);
    return 'variant' in resolution ? resolution.variant.predecessors.map((one) => one.modelVersionId) : [];
  };

  it('is answered for by the one before, also for who names its alias, but not for who names the version', () => {
    expect(route.choice.next().predecessors).toMatchObject([{ modelVersionId: 'mv_1' }]);
    expect(predecessorsBy('production')).toEqual(['mv_1']);
    expect(predecessorsBy('2')).toEqual([]);
    expect(predecessorsBy('mv_2')).toEqual([]);
  });
});

describe('the version slot', () => {
  const table = new RoutingTable(quiet(), 60_000);
  table.apply('org_a', snapshot('1', [[1, 1], [2, 0]])); // prettier-ignore
  const resolve = (slot: string) => {
    const route = table.find('org_a', 'faithful');
    return route && resolveVersionSlot(route, slot);
  };

  it.each([
    ['1', 'mv_1'],
    ['2', 'mv_2'],
    ['mv_2', 'mv_2'],
    ['production', 'mv_1'],
  ])('resolves %s', (slot, modelVersionId) => {
    expect(resolve(slot)).toMatchObject({ variant: { modelVersionId } });
  });

  it.each([
    ['3', 'Version 3 is not deployed under "faithful". Deployed: 1, 2.'],
    [
      'candidate',
      'The alias "candidate" means version 3, which is not deployed under "faithful". Deployed: 1, 2.',
    ],
    ['nightly', '"faithful" has no version or alias "nightly". Deployed: 1, 2.'],
    ['mv_9', '"faithful" has no version or alias "mv_9".'],
    ['__proto__', '"faithful" has no version or alias "__proto__".'],
  ])('explains why %s cannot be called', (slot, explanation) => {
    expect(resolve(slot)).toEqual({ problem: expect.stringContaining(explanation) as string });
  });
});
