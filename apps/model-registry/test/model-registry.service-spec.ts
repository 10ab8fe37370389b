import { createHash, randomUUID } from 'node:crypto';
import { modelRegistry } from '@aimass/contracts';
import type { trainingEvents } from '@aimass/contracts';
import {
  createTestDatabase,
  eventually,
  publishEvent,
  startServiceUnderTest,
  testNatsUrl,
} from '@aimass/testing';
import type { ServiceUnderTest } from '@aimass/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AppModule } from '../src/app.module.js';

const definition = modelRegistry.ModelRegistryServiceService;
const organizationId = `org_${randomUUID()}`;
let service: ServiceUnderTest<typeof definition>;

beforeAll(async () => {
  const DATABASE_URL = await createTestDatabase();
  service = await startServiceUnderTest(definition, (GRPC_PORT) =>
    AppModule.with({
      GRPC_PORT,
      GRPC_HOST: '127.0.0.1',
      LOG_LEVEL: 'silent',
      NATS_URL: testNatsUrl(),
      DATABASE_URL,
      DATABASE_POOL_SIZE: 4,
      BLOB_DIR: '/nowhere',
    }),
  );
});

afterAll(() => service.stop());

const versionOf = (model: string, version: string, organization = organizationId) =>
  service.client.getModelVersion({ organizationId: organization, model, version });

describe('training.v1.job.succeeded', () => {
  it('registers a version with signature, manifest, lineage and alias, and a redelivery registers nothing', async () => {
    const event = succeeded('faithful', 'production');
    const id = randomUUID();
    await publishEvent(testNatsUrl(), 'training.v1.job.succeeded', event, id);
    await publishEvent(testNatsUrl(), 'training.v1.job.succeeded', event, id);
    await publishEvent(testNatsUrl(), 'training.v1.job.succeeded', succeeded('faithful', ''));

    const second = await eventually(() => versionOf('faithful', '2'));
    expect(second.version?.aliases).toEqual([]);
    const first = await versionOf('faithful', 'production');
    expect(first.version).toMatchObject({
      number: 1,
      aliases: ['production'],
      engine: 'tensorflow',
      format: 'tfjs-layers',
      signature: event.signature,
      manifest: event.manifest,
      lineage: event.lineage,
      metrics: { 'rmse.validation': 5.9 },
    });
    await expect(versionOf('faithful', '3')).rejects.toMatchObject({
      code: 'model_registry.version_not_found',
    });
  });
});

describe('SetAlias', () => {
  it('moves an alias, which then resolves to the other version', async () => {
    await service.client.setAlias({ organizationId, model: 'faithful', alias: 'production', version: '2' });
    expect((await versionOf('faithful', 'production')).version?.number).toBe(2);
  });

  it('refuses an unknown version and a bad alias, and changes nothing', async () => {
    const set = (alias: string, version: string) =>
      service.client.setAlias({ organizationId, model: 'faithful', alias, version });
    await expect(set('production', '9')).rejects.toMatchObject({ kind: 'not_found' });
    await expect(set('Not An Alias', '1')).rejects.toMatchObject({ code: 'model_registry.alias_invalid' });
    expect((await versionOf('faithful', 'production')).version?.number).toBe(2);
  });
});

describe('reads', () => {
  it("answer another organization's model, version and id exactly as absent ones", async () => {
    const { version } = await versionOf('faithful', '1');
    const stranger = `org_${randomUUID()}`;
    await expect(versionOf('faithful', '1', stranger)).rejects.toMatchObject({
      code: 'model_registry.model_not_found',
    });
    await expect(versionOf('', version?.id ?? '', stranger)).rejects.toMatchObject({ kind: 'not_found' });
    const page = await service.client.listModels({ organizationId: stranger, pageSize: 0, pageToken: '' });
    expect(page).toEqual({ items: [], nextPageToken: '' });
  });

  it('page through versions in order without missing or repeating one', async () => {
    const list = (pageToken: string) =>
      service.client.listModelVersions({ organizationId, model: 'faithful', pageSize: 1, pageToken });
    const first = await list('');
    const second = await list(first.nextPageToken);
    expect([...first.items, ...second.items].map((version) => version.number)).toEqual([1, 2]);
    expect(second.nextPageToken).toBe('');
  });
});

function succeeded(modelName: string, alias: string): trainingEvents.JobSucceeded {
  const sha256 = createHash('sha256').update('{}').digest('hex');
  return {
    organizationId,
    jobId: `job_${randomUUID()}`,
    modelName,
    alias,
    engine: 'tensorflow',
    format: 'tfjs-layers',
    signature: {
      inputs: [{ name: 'features', datatype: 'FP32', shape: ['-1', '1'] }],
      outputs: [{ name: 'prediction', datatype: 'FP32', shape: ['-1', '1'] }],
    },
    manifest: {
      files: [{ path: 'model.json', sha256, sizeBytes: '2' }],
      sha256: createHash('sha256').update(`${sha256}  model.json\n`).digest('hex'),
    },
    lineage: {
      jobId: `job_${randomUUID()}`,
      datasetVersionId: 'dsv_1',
      splitId: 'spl_1',
      algorithm: 'linear-regression',
      source: '',
    },
    metrics: { 'rmse.validation': 5.9 },
  };
}
