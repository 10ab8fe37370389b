import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { beforeEach, describe, expect, it } from 'vitest';
import { modelRegistry, routing, trafficControl } from '@aimass/contracts';
import type { ModelStore } from '../models/model-store.js';
import type { VersionSpec } from '../models/version-spec.js';
import { PlacementService } from './placement.service.js';
import { SnapshotCache } from './snapshot-cache.js';
import { snapshotCodec } from './snapshot-set.js';

function snapshot(
  revision: string,
  ids: string[],
  over: Partial<routing.RoutingSnapshot> = {},
): routing.RoutingSnapshot {
  const signature = modelRegistry.Signature.create({
    inputs: [{ name: 'x', datatype: 'FP32', shape: ['-1', '1'] }],
    outputs: [{ name: 'y', datatype: 'FP32', shape: ['-1', '1'] }],
  });
  const manifest = { files: [{ path: 'model.json', sha256: 'a', sizeBytes: '1' }], sha256: 'b' };
  const versions = ids.map((modelVersionId) =>
    routing.ServedVersion.create({ modelVersionId, signature, manifest, engine: 'tensorflow' }),
  );
  return routing.RoutingSnapshot.create({ schemaVersion: 1, revision, versions, ...over });
}

let placed: string[][];
let specs: ReadonlyMap<string, VersionSpec>;
let placement: PlacementService;

beforeEach(() => {
  Logger.overrideLogger(false);
  placed = [];
  const store = {
    place: (given: ReadonlyMap<string, VersionSpec>): void => {
      specs = given;
      placed.push([...given.keys()]);
    },
  };
  placement = new PlacementService(store as Pick<ModelStore, 'place'> as ModelStore);
});

describe('placement', () => {
  it('waits until the present state is complete, then holds what any organization routes to, each once', () => {
    placement.apply('org_a', snapshot('1', ['mv_1', 'mv_2']));
    placement.apply('org_b', snapshot('7', ['mv_2', 'mv_3']));
    expect(placed).toEqual([]);
    placement.synced(new Set(['org_a', 'org_b']));
    expect(placed).toEqual([['mv_1', 'mv_2', 'mv_3']]);
  });

  it('follows changes, and lets an organization go', () => {
    placement.synced(new Set());
    placement.apply('org_a', snapshot('1', ['mv_1']));
    placement.apply('org_a', snapshot('2', ['mv_2']));
    placement.apply('org_a', null);
    expect(placed).toEqual([[], ['mv_1'], ['mv_2'], []]);
  });

  it('never lets an older or equal revision replace a newer one, beyond 2^53 as well', () => {
    placement.synced(new Set());
    placement.apply('org_a', snapshot('9007199254740993', ['mv_new']));
    expect(placement.apply('org_a', snapshot('9007199254740992', ['mv_old']))).toBe(false);
    expect(placement.apply('org_a', snapshot('9007199254740993', ['mv_same']))).toBe(false);
    expect(placed.at(-1)).toEqual(['mv_new']);
  });

  it('ignores a schema version it does not know, and bytes that are no snapshot', () => {
    placement.synced(new Set());
    placement.apply('org_a', snapshot('1', ['mv_1']));
    expect(placement.apply('org_a', snapshot('2', ['mv_2'], { schemaVersion: 2 }))).toBe(false);
    expect(placement.apply('org_a', snapshotCodec.decode(Buffer.from([0xff, 0xff])))).toBe(false);
    expect(placed.at(-1)).toEqual(['mv_1']);
  });

  it('drops organizations that vanished while it was away, but not when everything did', () => {
    placement.apply('org_gone', snapshot('1', ['mv_1']));
    placement.apply('org_a', snapshot('1', ['mv_2']));
    expect(placement.synced(new Set(['org_a']))).toEqual(['org_gone']);
    expect(placement.synced(new Set())).toEqual([]);
    expect(placed).toEqual([['mv_2'], ['mv_2']]);
  });

  it('serves the rest when one version cannot be served', () => {
    const broken = snapshot('1', ['mv_1', 'mv_2']);
    const [first] = broken.versions;
    if (first) first.signature = undefined;
    placement.apply('org_a', broken);
    placement.synced(new Set(['org_a']));
    expect(placed).toEqual([['mv_2']]);
  });
});

describe('serving options', () => {
  const options = (over: Partial<trafficControl.ServingOptions>) =>
    trafficControl.ServingOptions.create({ batchDelayUs: 500, ...over });
  const say = (organizationId: string, serving: trafficControl.ServingOptions | undefined): void => {
    const said = snapshot('1', ['mv_1']);
    for (const version of said.versions) version.serving = serving;
    placement.apply(organizationId, said);
  };

  it('are merged when snapshots differ: largest batch, shortest delay, most urgent, longest queue, pinned', () => {
    say('org_a', options({ maxBatchRows: 8, priority: 7, maxQueueMs: 0 }));
    say('org_b', options({ maxBatchRows: 32, batchDelayUs: 100, priority: 3, maxQueueMs: 50, pinned: true }));
    say('org_c', undefined);
    say('org_d', options({ maxBatchRows: 16, priority: 0, maxQueueMs: 20 }));
    placement.synced(new Set(['org_a', 'org_b', 'org_c', 'org_d']));
    const merged = { maxBatchRows: 32, batchDelayUs: 100, priority: 3, maxQueueMs: 50, pinned: true };
    expect(specs.get('mv_1')?.serving).toEqual(merged);
  });

  it('are absent when no snapshot says anything', () => {
    say('org_a', undefined);
    placement.synced(new Set(['org_a']));
    expect(specs.get('mv_1')).not.toHaveProperty('serving');
  });
});

describe('the cache on disk', () => {
  it('gives back the last snapshots, whatever is in an id, and nothing after removal', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'aimass-cache-'));
    const cache = new SnapshotCache(folder);
    expect(await cache.readAll()).toEqual(new Map());
    await cache.write('../org_a', snapshot('1', ['mv_1']));
    await cache.write('../org_a', snapshot('2', ['mv_2']));
    const kept = await cache.readAll();
    expect(kept.get('../org_a')?.revision).toBe('2');
    await writeFile(join(folder, 'routing', 'org_b.snapshot'), Buffer.from([0xff, 0xff]));
    expect((await cache.readAll()).get('org_b')?.schemaVersion).toBe(0);
    await cache.remove('../org_a');
    expect((await cache.readAll()).has('../org_a')).toBe(false);
    await rm(folder, { recursive: true });
  });
});
