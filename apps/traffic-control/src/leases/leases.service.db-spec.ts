import 'reflect-metadata';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { persistenceModule } from '@aimass/platform-persistence';
import { ConfigModule, PeersModule } from '@aimass/platform-service';
import { createTestDatabase, eventually } from '@aimass/testing';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { entities, migrations } from '../data-source.js';
import { peers } from '../peers.js';
import { PoliciesService } from '../policies/policies.service.js';
import { LeasesModule } from './leases.module.js';
import { LeasesService } from './leases.service.js';

const LEASE_LIFETIME_MS = 600;
const running: INestApplicationContext[] = [];
let databaseUrl: string;
let leases: LeasesService;
let policies: PoliciesService;
let db: Client;

beforeAll(async () => {
  databaseUrl = await createTestDatabase();
  const app = await start();
  leases = app.get(LeasesService);
  policies = app.get(PoliciesService, { strict: false });
  db = new Client({ connectionString: databaseUrl });
  await db.connect();
});

afterAll(async () => {
  await db.end();
  await Promise.all(running.map((app) => app.close()));
});

const acquire = (gatewayId: string, policyIds: string[], requestsPerSecond = 10) =>
  leases.acquire(
    gatewayId,
    policyIds.map((policyId) => ({ policyId, requestsPerSecond })),
  );

describe('LeasesService', () => {
  it('gives a lone gateway the whole of every limit, each once, and none of one that does not exist', async () => {
    const ids = [await newPolicy(), await newPolicy()].sort();
    const granted = await acquire('a', [...ids, 'pol_absent', ids[0] ?? '']);
    expect(granted).toEqual(ids.map((policyId) => ({ policyId, share: 1, lifetimeMs: LEASE_LIFETIME_MS })));
    expect(await acquire('a', ['pol_absent'])).toEqual([]);
    expect(await acquire('a', [])).toEqual([]);
  });

  it('gives the second gateway nothing at first, and both their due once the larger slice ran out', async () => {
    const id = await newPolicy();
    expect(await acquire('a', [id])).toMatchObject([{ share: 1 }]);
    const [newcomer] = await acquire('b', [id]);
    expect(newcomer?.share).toBe(0);
    expect(newcomer?.lifetimeMs).toBeLessThan(LEASE_LIFETIME_MS);
    await eventually(async () => {
      const [[a], [b]] = [await acquire('a', [id]), await acquire('b', [id])];
      return a?.share === 0.5 && b?.share === 0.5 ? true : undefined;
    });
  });

  it('grants nothing twice after a restart, and takes back what a dead gateway held', async () => {
    const id = await newPolicy();
    await acquire('dead', [id]);
    const restarted = (await start()).get(LeasesService);
    const next = () => restarted.acquire('next', [{ policyId: id, requestsPerSecond: 1 }]);
    expect(await next()).toMatchObject([{ share: 0 }]);
    await eventually(async () => ((await next())[0]?.share === 1 ? true : undefined));
    const { rows } = await db.query(`SELECT gateway_id FROM lease WHERE policy_id = $1`, [id]);
    expect(rows).toEqual([{ gateway_id: 'next' }]);
  });

  it('never lets slices add up to more than 1: 4 gateways asking two processes for 3 limits at once', async () => {
    const ids = [await newPolicy(), await newPolicy(), await newPolicy()];
    const processes = [leases, (await start()).get(LeasesService)];
    const held = new Map<string, { policyId: string; share: number; until: number }>();
    /** Guards against a test that proves nothing because hardly anything is held. */
    let most = { sum: 0, holders: 0 };
    const live = (id: string) =>
      [...held.values()].filter((slice) => slice.policyId === id && slice.until > performance.now());
    const sumOf = (id: string) => live(id).reduce((sum, { share }) => sum + share, 0);
    const holdersOf = (id: string) => live(id).filter(({ share }) => share > 0).length;
    const gateway = async (name: string, index: number) => {
      for (let round = 0; round < 80; round++) {
        const sentAt = performance.now();
        // Each in an order of its own: only sorted locks keep them from a deadlock.
        const demands = rotated(ids, index + round).map((policyId) => ({
          policyId,
          requestsPerSecond: (round * 37 + index * 101) % 100,
        }));
        const granted = (await processes[(round + index) % 2]?.acquire(name, demands)) ?? [];
        // Every seventh answer is lost: the gateway goes on with what it has.
        if (round % 7 === index) continue;
        for (const { policyId, share, lifetimeMs } of granted) {
          held.set(`${policyId}/${name}`, { policyId, share, until: sentAt + lifetimeMs });
          most = {
            sum: Math.max(most.sum, sumOf(policyId)),
            holders: Math.max(most.holders, holdersOf(policyId)),
          };
          expect(sumOf(policyId)).toBeLessThanOrEqual(1 + 1e-9);
        }
      }
    };
    await Promise.all(['a', 'b', 'c', 'd'].map(gateway));
    expect(most.sum).toBeGreaterThan(0.5);
    expect(most.holders).toBeGreaterThan(1);
  });
});

/** The service's leases without its consumers and publisher, as one process would run them. */
async function start(): Promise<INestApplicationContext> {
  const app = await NestFactory.createApplicationContext(
    {
      module: LeasesModule,
      imports: [
        ConfigModule.with({ LEASE_LIFETIME_MS, LEASE_GRACE_MS: 0 }),
        persistenceModule({ url: databaseUrl, poolSize: 4, entities, migrations }),
        PeersModule.with(peers({ MODEL_REGISTRY_URL: '127.0.0.1:1' })),
      ],
    },
    { logger: ['error'] },
  );
  running.push(app);
  return app;
}

async function newPolicy(): Promise<string> {
  const terms = { target: 'KEY', targetId: 'key_1', requests: 10, windowSeconds: 1 } as const;
  return (await policies.create({ organizationId: 'org_1', requestId: '', terms })).id;
}

function rotated<T>(items: readonly T[], by: number): T[] {
  const at = by % items.length;
  return [...items.slice(at), ...items.slice(0, at)];
}
