import { routing, trafficControl } from '@aimass/contracts';
import { describe, expect, it } from 'vitest';
import type { Alias } from '../aliases/alias.entity.js';
import { Deployment } from '../deployments/deployment.entity.js';
import type { DeployedVersion, Variant } from '../deployments/variant.js';
import type { Entitlement } from '../entitlements/entitlement.entity.js';
import { Policy } from '../policies/policy.entity.js';
import { toRoutingSnapshot } from './snapshot.mapping.js';
import type { SnapshotParts } from './snapshot.mapping.js';

const version = (modelName: string, number: number): DeployedVersion => ({
  id: `mv_${modelName}_${number}`,
  modelId: `mdl_${modelName}`,
  modelName,
  number,
  engine: 'tensorflow',
  format: 'tfjs-layers',
  signature: { inputs: [{ name: 'x', datatype: 'FP32', shape: ['-1', '1'] }], outputs: [] },
  manifest: { files: [{ path: 'model.json', sha256: 'ab', sizeBytes: '9007199254740993' }], sha256: 'cd' },
});
const variant = (model: string, number: number, weight = 1): Variant => ({
  name: `${model}${number}`,
  weight,
  version: version(model, number),
});
const alias = (model: string, name: string, number: number): Alias => ({
  modelId: `mdl_${model}`,
  alias: name,
  organizationId: 'org_any',
  number,
  moveCount: 1,
});
const entitlement = (subscriptionId: string, deploymentName: string): Entitlement => ({
  subscriptionId,
  consumerOrganizationId: 'org_1',
  vendorOrganizationId: 'org_vendor',
  deploymentName,
  routeName: `vendor/${deploymentName}`,
  isActive: true,
});
const parts = (change: Partial<SnapshotParts>): SnapshotParts => ({
  organizationId: 'org_1',
  revision: '7',
  deployments: [],
  entitlements: [],
  subscribed: [],
  aliases: [],
  policies: [],
  ...change,
});

describe('toRoutingSnapshot', () => {
  it('gives an organization with nothing an empty snapshot of its revision', () => {
    const nothing = {
      schemaVersion: 1,
      organizationId: 'org_1',
      revision: '7',
      routes: [],
      versions: [],
      policies: [],
    };
    expect(toRoutingSnapshot(parts({}))).toEqual(nothing);
  });

  it('routes own deployments by name and lists every version once, whole', () => {
    const a = Deployment.create('org_1', 'a', [variant('m', 1, 80), variant('m', 2, 20)]);
    const b = Deployment.create('org_1', 'b', [variant('m', 2)]);
    const snapshot = toRoutingSnapshot(
      parts({ deployments: [b, a], aliases: [alias('m', 'production', 9)] }),
    );
    expect(snapshot.routes.map((route) => route.name)).toEqual(['a', 'b']);
    expect(snapshot.routes[0]).toEqual({
      name: 'a',
      deploymentId: a.id,
      ownerOrganizationId: 'org_1',
      subscriptionId: '',
      variants: [
        { name: 'm1', modelVersionId: 'mv_m_1', versionNumber: 1, weight: 80 },
        { name: 'm2', modelVersionId: 'mv_m_2', versionNumber: 2, weight: 20 },
      ],
      aliases: { production: 9 },
    });
    expect(snapshot.versions.map((one) => one.modelVersionId)).toEqual(['mv_m_1', 'mv_m_2']);
    expect(snapshot.versions[0]).toMatchObject({
      engine: 'tensorflow',
      format: 'tfjs-layers',
      signature: version('m', 1).signature,
      manifest: version('m', 1).manifest,
    });
  });

  it('says how a version is served by all variants that deploy it, and nothing when none says', () => {
    const serving = { maxBatchRows: 8, batchDelayUs: 100, priority: 2, maxQueueMs: 10, pinned: false };
    const other = { ...serving, maxBatchRows: 32, pinned: true };
    const a = Deployment.create('org_1', 'a', [{ ...variant('m', 1), serving }, variant('m', 2)]);
    const b = Deployment.create('org_1', 'b', [{ ...variant('m', 1), serving: other }]);
    const { versions } = toRoutingSnapshot(parts({ deployments: [a, b] }));
    expect(versions.map((one) => one.serving)).toEqual([
      { ...serving, maxBatchRows: 32, pinned: true },
      undefined,
    ]);
  });

  it('routes a subscription to the vendor, pays with the newest of two, and skips what the vendor took away', () => {
    const sold = Deployment.create('org_vendor', 'sold', [variant('v', 3)]);
    const snapshot = toRoutingSnapshot(
      parts({
        entitlements: [
          entitlement('sub_2', 'sold'),
          entitlement('sub_1', 'sold'),
          entitlement('sub_3', 'gone'),
        ],
        subscribed: [sold],
        aliases: [alias('v', 'production', 3)],
      }),
    );
    expect(snapshot.routes).toMatchObject([
      {
        name: 'vendor/sold',
        deploymentId: sold.id,
        ownerOrganizationId: 'org_vendor',
        subscriptionId: 'sub_2',
        aliases: { production: 3 },
      },
    ]);
    expect(snapshot.versions.map((one) => one.modelVersionId)).toEqual(['mv_v_3']);
  });

  it('never lets an alias lead to a version of another model', () => {
    const mixed = Deployment.create('org_1', 'mixed', [variant('a', 1), variant('b', 2)]);
    const aliases = [
      alias('a', 'production', 1),
      alias('b', 'production', 2),
      alias('b', 'first', 1),
      alias('b', 'newest', 2),
      alias('a', 'old', 5),
    ];
    const [route] = toRoutingSnapshot(parts({ deployments: [mixed], aliases })).routes;
    expect(route?.aliases).toEqual({ production: 1, newest: 2, old: 5 });
  });

  it('holds the limits, in order of id, and survives the wire unchanged', () => {
    const terms = { target: 'KEY', targetId: 'key_1', requests: 5, windowSeconds: 2 } as const;
    const [first, second] = [Policy.create('org_1', terms), Policy.create('org_1', terms)];
    const deployments = [Deployment.create('org_1', 'a', [variant('m', 1)])];
    const snapshot = toRoutingSnapshot(parts({ deployments, policies: [second, first] }));
    expect(snapshot.policies.map((policy) => policy.id)).toEqual([first.id, second.id]);
    expect(snapshot.policies[0]).toMatchObject({
      target: trafficControl.PolicyTarget.KEY,
      requests: 5,
      windowSeconds: 2,
    });
    expect(routing.RoutingSnapshot.decode(routing.RoutingSnapshot.encode(snapshot).finish())).toEqual(
      snapshot,
    );
  });
});
