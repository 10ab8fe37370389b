import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { link, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FsBlobStore } from '@aimass/platform-blobs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { collectArtifacts, collectModel } from './artifacts.js';

const signature = {
  engine: 'tensorflow',
  format: 'tfjs-layers',
  inputs: [{ name: 'features', datatype: 'FP32', shape: [-1, 1] }],
  outputs: [{ name: 'prediction', datatype: 'FP32', shape: [-1, 1] }],
};
let root: string;
let blobs: FsBlobStore;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'artifacts-'));
  blobs = new FsBlobStore(join(root, 'blobs'));
  await mkdir(join(root, 'model'), { recursive: true });
  await mkdir(join(root, 'output', 'data', 'plots'), { recursive: true });
});
afterEach(() => rm(root, { recursive: true }));

const write = (path: string, content: unknown) =>
  writeFile(join(root, path), typeof content === 'string' ? content : JSON.stringify(content));
const digest = (text: string) => createHash('sha256').update(text).digest('hex');

describe('collectModel', () => {
  it('stores every file and lists them sorted, with a digest that sha256sum would give', async () => {
    await mkdir(join(root, 'model', 'sub'));
    for (const path of ['b', 'a', 'sub/c', 'Z']) await write(`model/${path}`, path);
    const manifest = await collectModel(join(root, 'model'), blobs);
    expect(manifest.files.map(({ path }) => path)).toEqual(['Z', 'a', 'b', 'sub/c']);
    expect(manifest.files[1]).toEqual({ path: 'a', sha256: digest('a'), sizeBytes: '1' });
    expect(manifest.sha256).toBe(
      digest(['Z', 'a', 'b', 'sub/c'].map((path) => `${digest(path)}  ${path}\n`).join('')),
    );
    expect((await blobs.read(digest('sub/c'))).toString()).toBe('sub/c');
  });

  it('refuses a symbolic link, a hard link, a pipe and a name with a line break', async () => {
    const model = join(root, 'model');
    const refused = async (path: string, why: RegExp) => {
      await expect(collectModel(model, blobs)).rejects.toThrow(why);
      await rm(join(model, path), { recursive: true });
    };
    await symlink('/etc/passwd', join(model, 'link'));
    await refused('link', /"link" is a symbolic link/);
    await symlink('/etc', join(model, 'folder'));
    await refused('folder', /"folder" is a symbolic link/);
    await write('secret', 'x');
    await link(join(root, 'secret'), join(model, 'hard'));
    await refused('hard', /"hard" is a hard link/);
    execFileSync('mkfifo', [join(model, 'pipe')]);
    await refused('pipe', /"pipe" is not a regular file/);
    await write('model/a\nb', 'x');
    await refused('a\nb', /not a usable file name/);
  });
});

describe('collectArtifacts', () => {
  it('takes signature, report, metrics and plots', async () => {
    await write('model/signature.json', signature);
    await write('output/data/report.json', {
      ...{ backend: 'tfjs (cpu)', coefficients: { intercept: 1, weights: { a: 2 } } },
      ...{ rmse: { train: 1.5, test: 2 }, r2: { train: null, test: 0.5 } },
    });
    await write('output/data/plots/fit.svg', '<svg/>');
    await write('output/data/plots/Not a plot.txt', 'x');
    const result = await collectArtifacts(root, blobs);
    expect(result).toMatchObject({
      ...{ engine: 'tensorflow', format: 'tfjs-layers', backend: 'tfjs (cpu)' },
      metrics: { 'rmse.train': 1.5, 'rmse.test': 2, 'r2.test': 0.5 },
      plots: { fit: digest('<svg/>') },
    });
    expect(result.signature.inputs[0]?.shape).toEqual(['-1', '1']);
    expect(await blobs.has(result.reportSha256 ?? '')).toBe(true);
  });

  it('leaves out of a report what the database cannot hold', async () => {
    await write('model/signature.json', signature);
    await write(
      'output/data/report.json',
      '{"backend":"a\\u0000b","rmse":{"train":1,"\\ud800":2,"big":1e999}}',
    );
    const { backend, metrics } = await collectArtifacts(root, blobs);
    expect([backend, metrics]).toEqual(['', { 'rmse.train': 1 }]);
    await write('model/signature.json', {
      ...signature,
      inputs: [{ name: '\u0000', datatype: 'FP32', shape: [] }],
    });
    await expect(collectArtifacts(root, blobs)).rejects.toMatchObject({ code: 'model_invalid' });
  });

  it('needs no report', async () => {
    await write('model/signature.json', signature);
    expect(await collectArtifacts(root, blobs)).toMatchObject({ reportSha256: null, metrics: {}, plots: {} });
  });

  it('refuses coefficients that are not finite numbers', async () => {
    await write('model/signature.json', signature);
    for (const weights of [{ a: null }, { a: 'NaN' }]) {
      await write('output/data/report.json', { coefficients: { intercept: 1, weights } });
      await expect(collectArtifacts(root, blobs)).rejects.toThrow(
        /coefficients\.weights\.a is not a finite number/,
      );
    }
    await write('output/data/report.json', '{"coefficients":{"intercept":1e999}}');
    await expect(collectArtifacts(root, blobs)).rejects.toThrow(/coefficients\.intercept/);
  });

  it('refuses a model without signature as no_model, and a bad or linked signature as model_invalid', async () => {
    await expect(collectArtifacts(root, blobs)).rejects.toMatchObject({ code: 'no_model' });
    await write('model/signature.json', { ...signature, inputs: [] });
    await expect(collectArtifacts(root, blobs)).rejects.toMatchObject({ code: 'model_invalid' });
    await rm(join(root, 'model', 'signature.json'));
    await write('elsewhere.json', signature);
    await symlink(join(root, 'elsewhere.json'), join(root, 'model', 'signature.json'));
    await expect(collectArtifacts(root, blobs)).rejects.toThrow(/symbolic link/);
  });
});
