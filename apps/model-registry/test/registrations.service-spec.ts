import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { modelRegistry } from '@aimass/contracts';
import { FsBlobStore } from '@aimass/platform-blobs';
import { childEnvironment } from '@aimass/platform-config';
import { findNatsServer, startNatsServer } from '@aimass/platform-embedded';
import type { NatsServer } from '@aimass/platform-embedded';
import { buildOnnxModel } from '@aimass/platform-model-files';
import type { OnnxModel } from '@aimass/platform-model-files';
import { createTestDatabase, startServiceUnderTest } from '@aimass/testing';
import type { ServiceUnderTest } from '@aimass/testing';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AppModule } from '../src/app.module.js';

const definition = modelRegistry.ModelRegistryServiceService;
let service: ServiceUnderTest<typeof definition>;
let nats: NatsServer;
let database: Client;
let folder: string;
let blobs: FsBlobStore;
/** Of the test under way. */
let organizationId: string;

beforeAll(async () => {
  const DATABASE_URL = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'aimass-registry-'));
  blobs = new FsBlobStore(join(folder, 'blobs'));
  // Of its own: the other file's service shares a consumer with every other one on the same server.
  const log = () => undefined;
  const { binary } = await findNatsServer({ env: childEnvironment({}), log });
  nats = await startNatsServer({ binary, storeDir: join(folder, 'nats'), durable: false, log });
  service = await startServiceUnderTest(definition, (GRPC_PORT) =>
    AppModule.with({
      GRPC_PORT,
      GRPC_HOST: '127.0.0.1',
      LOG_LEVEL: 'silent',
      NATS_URL: nats.url,
      DATABASE_URL,
      DATABASE_POOL_SIZE: 4,
      BLOB_DIR: join(folder, 'blobs'),
    }),
  );
  database = new Client({ connectionString: DATABASE_URL });
  await database.connect();
});

afterAll(async () => {
  await database.end();
  await service.stop();
  await nats.stop();
  await rm(folder, { recursive: true });
});

beforeEach(() => {
  organizationId = `org_${randomUUID()}`;
});

const x = { name: 'x', datatype: 'FP32', shape: [-1, 2] };
const y = { name: 'y', datatype: 'FP32', shape: [-1, 2] };
const onnx = (change: Partial<OnnxModel> = {}) =>
  buildOnnxModel({
    inputs: [x],
    outputs: [y],
    nodes: [{ op: 'Neg', inputs: ['x'], outputs: ['y'] }],
    ...change,
  });
const SIGNATURE = {
  inputs: [{ name: 'x', datatype: 'FP32', shape: ['-1', '2'] }],
  outputs: [{ name: 'y', datatype: 'FP32', shape: ['-1', '2'] }],
};

async function stored(content: Uint8Array | string, path = 'model.onnx') {
  const { sha256, sizeBytes } = await blobs.put(Buffer.from(content));
  return { path, sha256, sizeBytes: String(sizeBytes) };
}

const lineage = (source: string) => ({ jobId: '', datasetVersionId: '', splitId: '', algorithm: '', source });

async function register(change: Partial<modelRegistry.RegisterModelVersionRequest> = {}) {
  const files = change.files ?? [await stored(onnx())];
  const { version } = await service.client.registerModelVersion({
    organizationId,
    requestId: '',
    modelName: 'neg',
    number: 0,
    files,
    engine: '',
    format: '',
    signature: undefined,
    lineage: undefined,
    alias: '',
    ...change,
  });
  if (version === undefined) throw new Error('the answer is empty');
  return version;
}

const versions = async () => {
  const { rows } = await database.query(`SELECT number FROM model_version WHERE organization_id = $1`, [
    organizationId,
  ]);
  return rows.length;
};

describe('RegisterModelVersion', () => {
  it('makes a version of files, with what they say about themselves, where they come from, and an alias', async () => {
    const files = [await stored('Read me.\n', 'README.md'), await stored(onnx(), 'a/model.onnx')];
    const version = await register({
      files,
      lineage: lineage('https://example.com/neg'),
      alias: 'production',
    });
    expect(version).toMatchObject({
      modelName: 'neg',
      number: 1,
      engine: 'onnx',
      format: 'onnx',
      signature: SIGNATURE,
      lineage: lineage('https://example.com/neg'),
      metrics: {},
      aliases: ['production'],
    });
    expect(version.manifest?.files).toEqual(files);
    const { rows } = await database.query(`SELECT subject FROM outbox WHERE aggregate_id = $1 ORDER BY id`, [
      version.modelId,
    ]);
    expect(rows.map(({ subject }: { subject: string }) => subject)).toEqual([
      'model_registry.v1.model_version.registered',
      'model_registry.v1.alias.moved',
    ]);
    expect((await register()).number).toBe(2);
  });

  it('takes a narrower signature of the caller, and refuses one that does not fit', async () => {
    const signature = { ...SIGNATURE, inputs: [{ name: 'x', datatype: 'FP32', shape: ['8', '2'] }] };
    expect((await register({ signature })).signature).toEqual(signature);
    const wrong = [
      { ...SIGNATURE, inputs: [{ name: 'z', datatype: 'FP32', shape: ['-1', '2'] }] },
      { ...SIGNATURE, inputs: [{ name: 'x', datatype: 'INT64', shape: ['-1', '2'] }] },
      { ...SIGNATURE, inputs: [{ name: 'x', datatype: 'FP32', shape: ['-1', '3'] }] },
      { ...SIGNATURE, inputs: [] },
      { ...SIGNATURE, outputs: [] },
      { ...SIGNATURE, outputs: [{ name: 'y', datatype: 'STRING', shape: ['-2'] }] },
    ];
    for (const one of wrong)
      await expect(register({ signature: one })).rejects.toMatchObject({ kind: 'unprocessable' });
    expect(await versions()).toBe(1);
  });

  it('asks for a signature when the files do not say it', async () => {
    const layers = [
      { class_name: 'Dense', config: { units: 2, batch_input_shape: [null, 3] } },
      { class_name: 'Reshape', config: { target_shape: [2] } },
    ];
    const document = {
      modelTopology: { class_name: 'Sequential', config: { layers } },
      weightsManifest: [{ paths: ['w.bin'], weights: [{ name: 'w', shape: [2], dtype: 'float32' }] }],
    };
    const files = [
      await stored(JSON.stringify(document), 'model.json'),
      await stored(Buffer.alloc(8), 'w.bin'),
    ];
    await expect(register({ files })).rejects.toMatchObject({ code: 'model_registry.signature_missing' });
    expect(await register({ files, signature: SIGNATURE })).toMatchObject({
      format: 'tfjs-layers',
      signature: SIGNATURE,
    });
  });

  it('registers once per idempotency key, and refuses the key for another request', async () => {
    const first = await register({ requestId: 'r' });
    expect((await register({ requestId: 'r' })).id).toBe(first.id);
    await expect(register({ requestId: 'r', modelName: 'other' })).rejects.toMatchObject({
      code: 'idempotency_key_reused',
    });
    const attempts = await Promise.all(['s', 's', 's'].map((requestId) => register({ requestId })));
    expect(new Set(attempts.map(({ id }) => id)).size).toBe(1);
    expect(await versions()).toBe(2);
  });

  it('never takes the number of a version that exists, nor skips one', async () => {
    await register({ number: 1 });
    await expect(register({ number: 1 })).rejects.toMatchObject({
      kind: 'conflict',
      code: 'model_registry.version_exists',
    });
    await expect(register({ number: 3 })).rejects.toMatchObject({ code: 'model_registry.version_not_next' });
    const racing = await Promise.allSettled([register({ number: 2 }), register({ number: 2 })]);
    expect(racing.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await versions()).toBe(2);
  });

  it.each([
    '<img src=x onerror=alert(1)>',
    '{{7*7}}',
    "'; DROP TABLE model; --",
    '',
    '../x',
    `mdl_${'0'.repeat(32)}`,
  ])('refuses %j as a name', async (modelName) => {
    await expect(register({ modelName })).rejects.toMatchObject({ code: 'model_registry.name_invalid' });
  });

  it('keeps a source as the text that it is', async () => {
    const source = `<img src=x onerror=alert(1)> {{7*7}} '; DROP TABLE model_version; --`;
    expect((await register({ lineage: lineage(source) })).lineage?.source).toBe(source);
    await expect(register({ lineage: lineage('a\0b') })).rejects.toMatchObject({ kind: 'invalid' });
    expect(await versions()).toBe(1);
  });
});

describe('files that must not become a version', () => {
  it.each([
    ['63 digits', (sha256: string) => sha256.slice(1)],
    ['65 digits', (sha256: string) => `${sha256}0`],
    ['a path', () => 'sha256:../../etc/passwd'],
    ['upper case', (sha256: string) => `A${sha256.slice(1).toUpperCase()}`],
    ['nothing', () => ''],
  ])('are refused with a digest of %s', async (_, spoil) => {
    const file = await stored(onnx());
    await expect(register({ files: [{ ...file, sha256: spoil(file.sha256) }] })).rejects.toMatchObject({
      kind: 'unprocessable',
      code: 'model_registry.digest_invalid',
    });
    expect(await versions()).toBe(0);
  });

  it('are refused when they are not in the blob store, of another size, or damaged there', async () => {
    const file = await stored(onnx({ producer: randomUUID() }));
    const absent = { ...file, sha256: 'a'.repeat(64) };
    await expect(register({ files: [absent] })).rejects.toMatchObject({
      code: 'model_registry.file_not_found',
    });
    const longer = { ...file, sizeBytes: '18446744073709551615' };
    await expect(register({ files: [longer] })).rejects.toMatchObject({
      code: 'model_registry.file_size_differs',
    });
    const bytes = await blobs.read(file.sha256);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    await writeFile(join(folder, 'blobs', file.sha256.slice(0, 2), file.sha256), bytes);
    await expect(register({ files: [file] })).rejects.toMatchObject({ code: 'model_registry.file_damaged' });
    expect(await versions()).toBe(0);
  });

  it('are refused under paths that leave the model or collide, and when there are none', async () => {
    const file = await stored(onnx());
    for (const paths of [['../model.onnx'], ['/model.onnx'], ['a\\b'], ['a\0'], ['m.onnx', 'M.onnx'], []]) {
      const files = paths.map((path) => ({ ...file, path }));
      await expect(register({ files })).rejects.toMatchObject({ code: 'model_files.files_invalid' });
    }
  });

  it.each<[string, string, Uint8Array, string?]>([
    ['unsupported_media', 'a pickle named .onnx', Buffer.from('80049500000000000000004e2e', 'hex')],
    ['unsupported_media', 'a ZIP archive, as .pt and .keras are', Buffer.from('504b0304000000000000', 'hex')],
    ['unsupported_media', 'HDF5', Buffer.from('894844460d0a1a0a00000000', 'hex')],
    [
      'unprocessable',
      'an operator of nobody',
      onnx({ nodes: [{ op: 'E', domain: 'evil', inputs: [], outputs: [] }] }),
    ],
    [
      'unprocessable',
      'weights outside of the model',
      onnx({
        initializers: [{ ...x, name: 'w', shape: [2], externalData: { location: '../../etc/passwd' } }],
      }),
    ],
    ['unprocessable', 'a cut one', onnx().subarray(0, -9)],
    [
      'unprocessable',
      'a GGUF of 2^63 tensors',
      Buffer.from(`474755460300000000000000000000800000000000000000`, 'hex'),
    ],
    [
      'unprocessable',
      'TensorFlow.js weights from elsewhere',
      Buffer.from('{"modelTopology":{},"weightsManifest":[{"paths":["http://evil/w"],"weights":[]}]}'),
      'model.json',
    ],
  ])('are refused as %s: %s', async (kind, _, content, path) => {
    const files = [await stored(content, path)];
    await expect(register({ files })).rejects.toMatchObject({ kind });
    expect(await versions()).toBe(0);
  });

  it('are refused when they are not what the caller says', async () => {
    await expect(register({ engine: 'tensorflow' })).rejects.toMatchObject({
      code: 'model_registry.engine_differs',
    });
    await expect(register({ format: 'saved-model' })).rejects.toMatchObject({
      code: 'model_registry.format_differs',
    });
    expect((await register({ engine: 'onnx', format: 'onnx' })).number).toBe(1);
  });
});
