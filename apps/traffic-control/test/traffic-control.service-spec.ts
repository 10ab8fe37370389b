import { randomUUID } from 'node:crypto';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { KV_BUCKETS, modelRegistry, routing, trafficControl } from '@aimass/contracts';
import type { DomainError } from '@aimass/platform-errors';
import { connectNats, StateBucket } from '@aimass/platform-messaging';
import {
  createTestDatabase,
  eventually,
  publishEvent,
  startFakePeer,
  startServiceUnderTest,
  testNatsUrl,
} from '@aimass/testing';
import type { FakePeer, ServiceUnderTest } from '@aimass/testing';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AppModule } from '../src/app.module.js';
import { activated, cancelled, getRegisteredVersion, present, registeredVersion, spec } from './fixtures.js';

const definition = trafficControl.TrafficControlServiceService;
let service: ServiceUnderTest<typeof definition>;
let registry: FakePeer;
let nats: NatsConnection;
let db: Client;
/** Of the test under way; every test has organizations of its own. */
let organizationId: string;

beforeAll(async () => {
  registry = await startFakePeer(modelRegistry.ModelRegistryServiceService, {
    getModelVersion: getRegisteredVersion,
    getModel: ({ model }) =>
      Promise.resolve({
        model: {
          id: model,
          name: 'faithful',
          latestVersion: 9,
          aliases: { production: 1 },
          createdAt: new Date(),
        },
      }),
  });
  const DATABASE_URL = await createTestDatabase();
  db = new Client({ connectionString: DATABASE_URL });
  await db.connect();
  nats = await connectNats(testNatsUrl(), 'test');
  service = await startServiceUnderTest(definition, (GRPC_PORT) =>
    AppModule.with({
      GRPC_PORT,
      GRPC_HOST: '127.0.0.1',
      LOG_LEVEL: 'silent',
      NATS_URL: testNatsUrl(),
      DATABASE_URL,
      DATABASE_POOL_SIZE: 8,
      MODEL_REGISTRY_URL: registry.address,
      LEASE_LIFETIME_MS: 10_000,
      LEASE_GRACE_MS: 1_000,
      SNAPSHOT_CHECK_MS: 200,
    }),
  );
});

afterAll(async () => {
  await service.stop();
  registry.stop();
  await nats.close();
  await db.end();
});

beforeEach(() => {
  organizationId = `org_${randomUUID()}`;
});

describe('CreateDeployment', () => {
  it('resolves numbers, ids and aliases, and a snapshot that needs nobody else appears', async () => {
    const deployment = await create('faithful', [
      spec('1', { weight: 80 }),
      spec('mv_2', { name: 'candidate', model: '', weight: 20 }),
    ]);
    expect(deployment).toMatchObject({
      name: 'faithful',
      variants: [
        { name: 'v1', modelVersionId: 'mv_1', modelName: 'faithful', versionNumber: 1, weight: 80 },
        { name: 'candidate', modelVersionId: 'mv_2', versionNumber: 2, weight: 20 },
      ],
    });
    const snapshot = await snapshotWith((found) => found.routes.length === 1);
    expect(snapshot).toMatchObject({ schemaVersion: 1, organizationId, revision: '1' });
    expect(snapshot.routes[0]).toMatchObject({
      name: 'faithful',
      deploymentId: deployment.id,
      ownerOrganizationId: organizationId,
      aliases: { production: 1 },
      subscriptionId: '',
    });
    const { signature, manifest, engine, format } = registeredVersion({
      organizationId,
      model: '',
      version: '1',
    });
    expect(snapshot.versions).toHaveLength(2);
    expect(snapshot.versions[0]).toMatchObject({
      modelVersionId: 'mv_1',
      signature,
      manifest,
      engine,
      format,
    });
    await expect(create('by-alias', [spec('production')])).resolves.toMatchObject({
      variants: [{ versionNumber: 1 }],
    });
  });

  it('keeps how a variant is served and whether it comes from somewhere, and tells replicas; refuses what is out of range', async () => {
    const serving = { maxBatchRows: 32, batchDelayUs: 500, priority: 1, maxQueueMs: 200, pinned: true };
    const { variants } = await create('served', [spec('1', { serving }), spec('9')]);
    expect(variants).toMatchObject([{ serving, hasLineage: true }, { hasLineage: false }]);
    const snapshot = await snapshotWith((found) => found.versions.length === 2);
    expect(snapshot.versions.map((version) => version.serving)).toEqual([serving, undefined]);
    const wrong = create('wrong', [spec('1', { serving: { ...serving, priority: 10 } })]);
    await expect(wrong).rejects.toMatchObject({ violations: [{ path: 'variants[0].serving.priority' }] });
  });

  it('passes on that a version or model does not exist, and changes nothing', async () => {
    await expect(create('a', [spec('404')])).rejects.toMatchObject({
      code: 'model_registry.version_not_found',
    });
    expect(await names()).toEqual([]);
  });

  it('refuses a bad name and bad variants, saying where', async () => {
    await expect(create('Not A Name', [spec('1')])).rejects.toMatchObject({
      code: 'traffic_control.name_invalid',
    });
    const refused = create('a', [spec('1', { weight: 0 }), spec('', { weight: 0 })]);
    await expect(refused).rejects.toMatchObject({
      kind: 'invalid',
      code: 'traffic_control.variants_invalid',
    });
    expect(
      await refused.catch((error: unknown) => (error as DomainError).violations.map((one) => one.path)),
    ).toEqual(['variants', 'variants[1].version']);
    await expect(create('a', [spec('1'), spec('mv_1')])).rejects.toMatchObject({ kind: 'invalid' });
    expect(await names()).toEqual([]);
  });

  it('refuses a name that is taken, also to two at once, but not one of another organization', async () => {
    const attempts = await Promise.allSettled([create('a', [spec('1')]), create('a', [spec('2')])]);
    expect(attempts.map((attempt) => attempt.status).sort()).toEqual(['fulfilled', 'rejected']);
    await expect(create('a', [spec('1')])).rejects.toMatchObject({ kind: 'conflict' });
    organizationId = `org_${randomUUID()}`;
    await create('a', [spec('1')]);
  });

  it('answers a replay with the first deployment, and refuses the key with another payload', async () => {
    const call = (weight: number) => create('a', [spec('1', { weight })], 'key-1');
    const [first, again] = await Promise.all([call(1), call(1)]);
    expect(again.id).toBe(first.id);
    await expect(call(2)).rejects.toMatchObject({ code: 'idempotency_key_reused' });
    expect(await names()).toEqual(['a']);
  });
});

describe('GetDeployment and ListDeployments', () => {
  it("find by id and name; another organization's is as absent", async () => {
    const { id } = await create('a', [spec('1')]);
    for (const deployment of [id, 'a']) {
      expect((await service.client.getDeployment({ organizationId, deployment })).deployment?.id).toBe(id);
      const stranger = service.client.getDeployment({ organizationId: 'org_stranger', deployment });
      await expect(stranger).rejects.toMatchObject({ code: 'traffic_control.deployment_not_found' });
    }
    const absent = service.client.getDeployment({ organizationId, deployment: 'b' });
    await expect(absent).rejects.toMatchObject({ code: 'traffic_control.deployment_not_found' });
  });

  it('page oldest first without missing or repeating one, and refuse a bad page', async () => {
    for (const name of ['c', 'a', 'b']) await create(name, [spec('1')]);
    const first = await service.client.listDeployments({ organizationId, pageSize: 2, pageToken: '' });
    const { nextPageToken: pageToken } = first;
    const second = await service.client.listDeployments({ organizationId, pageSize: 2, pageToken });
    expect([...first.items, ...second.items].map((one) => one.name)).toEqual(['c', 'a', 'b']);
    expect(second.nextPageToken).toBe('');
    const bad = service.client.listDeployments({ organizationId, pageSize: 201, pageToken: '' });
    await expect(bad).rejects.toMatchObject({ kind: 'invalid' });
  });
});

describe('UpdateVariants', () => {
  it('replaces all variants in one step, gives a new etag and reaches the snapshot within a second', async () => {
    const { etag } = await create('a', [spec('1')]);
    await snapshotWith((found) => found.routes.length === 1);
    const updated = await update('a', [spec('1', { weight: 8 }), spec('2', { weight: 2 })], etag);
    expect(updated.etag).not.toBe(etag);
    const start = performance.now();
    const snapshot = await snapshotWith((found) => found.routes[0]?.variants.length === 2);
    expect(performance.now() - start).toBeLessThan(1_000);
    expect(snapshot.revision).toBe('2');
    expect(snapshot.versions.map((version) => version.versionNumber)).toEqual([1, 2]);
  });

  it('lets exactly one of several updates with the same etag win', async () => {
    const { etag } = await create('a', [spec('1')]);
    const attempts = await Promise.allSettled(
      ['2', '3', '4', '5'].map((version) => update('a', [spec(version)], etag)),
    );
    const refused = attempts.filter((attempt) => attempt.status === 'rejected');
    expect(refused).toHaveLength(3);
    for (const { reason } of refused) expect(reason).toMatchObject({ kind: 'precondition_failed' });
    await expect(update('a', [spec('6')], etag)).rejects.toMatchObject({
      code: 'traffic_control.deployment_moved',
    });
    await update('a', [spec('6')], '');
  });

  it('refuses what is not there or not valid, and changes nothing', async () => {
    const { etag } = await create('a', [spec('1')]);
    await expect(update('b', [spec('1')], '')).rejects.toMatchObject({
      code: 'traffic_control.deployment_not_found',
    });
    await expect(update('a', [spec('404')], '')).rejects.toMatchObject({
      code: 'model_registry.version_not_found',
    });
    await expect(update('a', [], '')).rejects.toMatchObject({ code: 'traffic_control.variants_invalid' });
    const own = organizationId;
    organizationId = 'org_stranger';
    await expect(update('a', [spec('1')], '')).rejects.toMatchObject({ kind: 'not_found' });
    const { deployment } = await service.client.getDeployment({ organizationId: own, deployment: 'a' });
    expect(deployment?.etag).toBe(etag);
  });
});

describe('DeleteDeployment', () => {
  it('takes the name and its limits out of the snapshot, and is then not found', async () => {
    const { id } = await create('a', [spec('1')]);
    const policy = await limit({ target: trafficControl.PolicyTarget.DEPLOYMENT, targetId: id });
    await snapshotWith((found) => found.policies.length === 1);
    await service.client.deleteDeployment({ organizationId, deployment: 'a' });
    await snapshotWith((found) => found.routes.length + found.policies.length + found.versions.length === 0);
    await expect(service.client.getPolicy({ organizationId, policyId: policy.id })).rejects.toMatchObject({
      code: 'traffic_control.policy_not_found',
    });
    await expect(service.client.deleteDeployment({ organizationId, deployment: 'a' })).rejects.toMatchObject({
      code: 'traffic_control.deployment_not_found',
    });
  });
});

describe('events out', () => {
  it('tell every change of a deployment, in order', async () => {
    const { id } = await create('a', [spec('1')]);
    await update('a', [spec('2')], '');
    await service.client.deleteDeployment({ organizationId, deployment: id });
    const { rows } = await db.query(`SELECT subject FROM outbox WHERE aggregate_id = $1 ORDER BY id`, [id]);
    expect(rows.map((row: { subject: string }) => row.subject.slice(19))).toEqual([
      'deployment.changed',
      'deployment.changed',
      'deployment.deleted',
    ]);
  });
});

describe('limits', () => {
  it('are set, found, listed, put into the snapshot, and lifted', async () => {
    const policy = await limit({ target: trafficControl.PolicyTarget.KEY, targetId: 'key_1' });
    await limit({ target: trafficControl.PolicyTarget.ORGANIZATION, targetId: organizationId });
    expect((await service.client.getPolicy({ organizationId, policyId: policy.id })).policy).toEqual(policy);
    const page = await service.client.listPolicies({ organizationId, pageSize: 1, pageToken: '' });
    expect(page.items).toEqual([policy]);
    const snapshot = await snapshotWith((found) => found.policies.length === 2);
    expect(snapshot.policies[0]).toMatchObject({
      id: policy.id,
      targetId: 'key_1',
      requests: 10,
      windowSeconds: 1,
    });
    await service.client.deletePolicy({ organizationId, policyId: policy.id });
    const after = await snapshotWith((found) => found.policies.length === 1);
    expect(BigInt(after.revision)).toBeGreaterThan(BigInt(snapshot.revision));
  });

  it('are refused out of range, on what is not there, and on what is another organization’s', async () => {
    const { id } = await create('a', [spec('1')]);
    const { PolicyTarget } = trafficControl;
    const key = { target: PolicyTarget.KEY, targetId: 'key_1' };
    await expect(limit({ ...key, requests: 0 })).rejects.toMatchObject({
      code: 'traffic_control.policy_invalid',
    });
    await expect(limit({ ...key, windowSeconds: 86_401 })).rejects.toMatchObject({ kind: 'invalid' });
    await expect(limit({ ...key, target: PolicyTarget.UNSPECIFIED })).rejects.toMatchObject({
      kind: 'invalid',
    });
    const absent = limit({ target: PolicyTarget.DEPLOYMENT, targetId: 'dep_absent' });
    await expect(absent).rejects.toMatchObject({ code: 'traffic_control.deployment_not_found' });
    const own = await limit(key);
    organizationId = `org_${randomUUID()}`;
    const stolen = limit({ target: PolicyTarget.DEPLOYMENT, targetId: id });
    await expect(stolen).rejects.toMatchObject({ code: 'traffic_control.deployment_not_found' });
    for (const call of ['getPolicy', 'deletePolicy'] as const) {
      const strange = service.client[call]({ organizationId, policyId: own.id });
      await expect(strange).rejects.toMatchObject({ code: 'traffic_control.policy_not_found' });
    }
  });

  it('are set once per idempotency key', async () => {
    const call = (requests: number) =>
      limit({ target: trafficControl.PolicyTarget.KEY, targetId: 'key_1', requestId: 'r', requests });
    expect((await call(5)).id).toBe((await call(5)).id);
    await expect(call(6)).rejects.toMatchObject({ code: 'idempotency_key_reused' });
  });
});

describe('model_registry.v1.alias.moved', () => {
  const moved = (number: number, moveCount: number, id = randomUUID()) =>
    publishEvent(
      testNatsUrl(),
      'model_registry.v1.alias.moved',
      {
        organizationId,
        modelId: `mdl_${organizationId}`,
        modelName: 'faithful',
        alias: 'production',
        number,
        modelVersionId: `mv_${number}`,
        moveCount,
      },
      id,
    );

  it('moves the alias in the snapshot; what is stale or redelivered changes nothing', async () => {
    await create('a', [spec('1')]);
    await moved(7, 3);
    const seen = await snapshotWith((found) => found.routes[0]?.aliases.production === 7);
    const id = randomUUID();
    await moved(5, 2);
    await moved(8, 4, id);
    await moved(8, 4, id);
    await moved(9, 5);
    const after = await snapshotWith((found) => found.routes[0]?.aliases.production === 9);
    expect(BigInt(after.revision) - BigInt(seen.revision)).toBe(2n);
    await update('a', [spec('2')], '');
    const updated = await snapshotWith((found) => found.routes[0]?.variants[0]?.versionNumber === 2);
    expect(updated.routes[0]?.aliases).toEqual({ production: 9 });
  });
});

describe('marketplace.v1.subscription', () => {
  it('opens a route that follows the vendor’s changes and limits, and closes it', async () => {
    const vendor = organizationId;
    const consumer = `org_${randomUUID()}`;
    const { id } = await create('sold', [spec('1')]);
    const subscriptionId = `sub_${randomUUID()}`;
    await activated(subscriptionId, consumer, vendor);
    const opened = await snapshotWith((found) => found.routes.length === 1, consumer);
    expect(opened.routes[0]).toMatchObject({
      name: 'vendor/sold',
      deploymentId: id,
      ownerOrganizationId: vendor,
      subscriptionId,
      aliases: { production: 1 },
    });

    await update('sold', [spec('1'), spec('2')], '');
    await snapshotWith((found) => found.versions.length === 2, consumer);
    const policy = await limit({ target: trafficControl.PolicyTarget.DEPLOYMENT, targetId: id });
    const limited = await snapshotWith((found) => found.policies.length === 1, consumer);
    expect(limited.policies[0]?.id).toBe(policy.id);
    await limit({ target: trafficControl.PolicyTarget.KEY, targetId: 'key_of_vendor' });
    await snapshotWith((found) => found.policies.length === 2, vendor);
    expect((await bucket().find(consumer))?.policies).toHaveLength(1);

    await service.client.deleteDeployment({ organizationId, deployment: 'sold' });
    await snapshotWith((found) => found.routes.length === 0, consumer);
    await create('sold', [spec('3')]);
    await snapshotWith((found) => found.versions[0]?.versionNumber === 3, consumer);

    await cancelled(subscriptionId, consumer);
    await snapshotWith((found) => found.routes.length + found.policies.length === 0, consumer);
  });

  it('misses no change that a vendor makes in the moment of the subscription', async () => {
    const vendor = organizationId;
    await create('sold', [spec('1')]);
    for (const version of ['2', '3', '4', '5', '6', '7']) {
      const consumer = `org_${randomUUID()}`;
      await Promise.all([
        activated(`sub_${randomUUID()}`, consumer, vendor),
        update('sold', [spec(version)], ''),
      ]);
      await snapshotWith((found) => found.versions[0]?.modelVersionId === `mv_${version}`, consumer);
    }
  });

  it('does not rise again when the cancellation overtakes the activation or the activation comes twice', async () => {
    const vendor = organizationId;
    const consumer = `org_${randomUUID()}`;
    await create('sold', [spec('1')]);
    const [overtaken, twice, marker] = ['sub_1', 'sub_2', 'sub_3'].map((id) => `${id}${randomUUID()}`) as [
      string,
      string,
      string,
    ];
    await cancelled(overtaken, consumer);
    await snapshotWith((found) => found.revision === '1', consumer);
    await activated(overtaken, consumer, vendor);
    await activated(twice, consumer, vendor);
    await snapshotWith((found) => found.routes[0]?.subscriptionId === twice, consumer);
    await cancelled(twice, consumer);
    await snapshotWith((found) => found.routes.length === 0, consumer);
    await activated(twice, consumer, vendor);
    await activated(marker, consumer, vendor, 'vendor/other');
    const last = await snapshotWith((found) => found.routes.length > 0, consumer);
    expect(last.routes.map((route) => route.subscriptionId)).toEqual([marker]);
  });
});

describe('the routing bucket', () => {
  it('has every one of many parallel changes, in the end', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, index) => create(`d${index}`, [spec('1')])));
    const snapshot = await snapshotWith((found) => found.routes.length === 20);
    expect(snapshot.revision).toBe('20');
  });

  it('is filled again after it was wiped', async () => {
    await create('a', [spec('1')]);
    await snapshotWith((found) => found.routes.length === 1);
    await (await jetstreamManager(nats)).streams.delete(`KV_${KV_BUCKETS.routing}`);
    const healed = await snapshotWith((found) => found.routes.length === 1);
    expect(healed.revision).toBe('1');
  });

  it('is given back a single snapshot that was lost, and overtakes one from the future of a restored database', async () => {
    await create('a', [spec('1')]);
    const snapshot = await snapshotWith((found) => found.routes.length === 1);
    await bucket().delete(organizationId);
    await snapshotWith((found) => found.revision === snapshot.revision);
    await bucket().put(organizationId, { ...snapshot, revision: '500', routes: [] });
    await snapshotWith((found) => found.revision === '501' && found.routes.length === 1);
  });
});

describe('AcquireLeases', () => {
  const acquire = (gatewayId: string, policyIds: string[], requestsPerSecond = 10) =>
    service.client.acquireLeases({
      gatewayId,
      demands: policyIds.map((policyId) => ({ policyId, requestsPerSecond })),
    });

  it('gives a lone gateway the whole of a limit, and none of one that does not exist', async () => {
    const { id } = await limit({ targetId: 'key_1' });
    const { leases } = await acquire('a', [id, 'pol_absent']);
    expect(leases).toEqual([{ policyId: id, share: 1, lifetimeMs: 10_000 }]);
    expect((await acquire('a', ['pol_absent'])).leases).toEqual([]);
    await service.client.deletePolicy({ organizationId, policyId: id });
    expect((await acquire('a', [id])).leases).toEqual([]);
  });

  it('refuses a gateway without an id and a demand that is no number', async () => {
    await expect(acquire('', [])).rejects.toMatchObject({ code: 'traffic_control.demands_invalid' });
    await expect(acquire('a', ['pol_1'], Number.NaN)).rejects.toMatchObject({ kind: 'invalid' });
    await expect(acquire('a', ['pol_1'], -1)).rejects.toMatchObject({ kind: 'invalid' });
  });
});

async function create(name: string, variants: trafficControl.VariantSpec[], requestId = '') {
  return present(
    (await service.client.createDeployment({ organizationId, requestId, name, variants })).deployment,
  );
}

async function update(deployment: string, variants: trafficControl.VariantSpec[], etag: string) {
  return present(
    (await service.client.updateVariants({ organizationId, deployment, variants, etag })).deployment,
  );
}

async function names(): Promise<string[]> {
  const { items } = await service.client.listDeployments({ organizationId, pageSize: 0, pageToken: '' });
  return items.map((deployment) => deployment.name);
}

async function limit(change: Partial<trafficControl.CreatePolicyRequest>) {
  const request = { organizationId, requestId: '', requests: 10, windowSeconds: 1, targetId: '', ...change };
  const target = change.target ?? trafficControl.PolicyTarget.KEY;
  return present((await service.client.createPolicy({ ...request, target })).policy);
}

function bucket(): StateBucket<routing.RoutingSnapshot> {
  return new StateBucket(nats, KV_BUCKETS.routing, routing.RoutingSnapshot);
}

/** The published snapshot once it is as awaited. */
function snapshotWith(
  isAwaited: (snapshot: routing.RoutingSnapshot) => boolean,
  organization = organizationId,
): Promise<routing.RoutingSnapshot> {
  return eventually(async () => {
    const found = await bucket().find(organization);
    return found && isAwaited(found) ? found : undefined;
  });
}
