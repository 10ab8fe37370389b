import { deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { inspectModelFiles } from './inspect-model-files.js';
import { memoryFile } from './model-file.js';
import { buildOnnxModel } from './onnx/build-onnx.js';

const onnx = Buffer.from(
  buildOnnxModel({
    inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 2] }],
    outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 2] }],
    nodes: [{ op: 'Add', inputs: ['x', 'w'], outputs: ['y'] }],
    initializers: [
      { name: 'w', datatype: 'FP32', shape: [2], data: [1, 2] },
      { name: 'n', datatype: 'INT64', shape: [2], data: [1, 2] },
    ],
  }),
);
const ZIP_END = Buffer.from([0x50, 0x4b, 5, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
const ZIP = Buffer.concat([Buffer.from([0x50, 0x4b, 3, 4]), Buffer.alloc(60), ZIP_END]);
/** `pickle.dumps({'a': [1]}, protocol)` for 0 to 5, and an object that runs a command when it is loaded. */
const PICKLES = [
  '286470300a56610a70310a286c70320a49310a61732e',
  '7d710058010000006171015d71024b0161732e',
  '80027d710058010000006171015d71024b0161732e',
  '80037d710058010000006171015d71024b0161732e',
  '8004950d000000000000007d948c0161945d944b0161732e',
  '8005950d000000000000007d948c0161945d944b0161732e',
  '63706f7369780a73797374656d0a70300a285669640a70310a7470320a5270330a2e',
].map((hex) => Buffer.from(hex, 'hex'));

const inspect = (files: Record<string, Uint8Array>) =>
  inspectModelFiles(Object.entries(files).map(([path, content]) => memoryFile(path, content)));
const refusal = { kind: 'unsupported_media', code: 'model_files.format_unsupported' };

describe('what is no model here', () => {
  it.each<[string, Buffer]>([
    ...PICKLES.map((pickle, index): [string, Buffer] => [`pickle ${index}`, pickle]),
    ['a joblib file', deflateSync(PICKLES[2] ?? Buffer.alloc(0))],
    ['a zipped one, as .pt, .keras and .mar are', ZIP],
    ['an .h5 file', Buffer.concat([Buffer.from('\x89HDF\r\n\x1a\n', 'latin1'), Buffer.alloc(100)])],
    ['a gzip archive', gzipSync(onnx)],
    ['a program', Buffer.from('\x7fELF\x02\x01\x01', 'latin1')],
    ['text', Buffer.from('hello')],
    ['JSON of another kind', Buffer.from('{"hello": "world"}')],
    ['nothing', Buffer.alloc(0)],
  ])('is refused by its bytes, whatever its name: %s', async (_, content) => {
    for (const path of ['model.onnx', 'model.pt', 'saved_model.pb', 'model.json', 'x']) {
      await expect(inspect({ [path]: content })).rejects.toMatchObject(refusal);
    }
  });

  it('is refused beside a model, even in its weights', async () => {
    await expect(inspect({ 'model.onnx': onnx, 'w.bin': ZIP })).rejects.toMatchObject(refusal);
    for (const pickle of PICKLES) {
      await expect(inspect({ 'model.onnx': onnx, 'w.bin': pickle })).rejects.toMatchObject({
        code: expect.stringMatching(/format_unsupported|file_stray/) as string,
      });
    }
    await expect(inspect({ 'model.onnx': onnx, 'README.md': PICKLES[6]! })).rejects.toMatchObject({
      code: expect.stringMatching(/format_unsupported|file_stray/) as string,
    });
  });

  it('is refused when it is a model and an archive at once', async () => {
    await expect(inspect({ 'model.onnx': Buffer.concat([onnx, ZIP]) })).rejects.toMatchObject(refusal);
    const behind = Buffer.concat([onnx, ZIP, Buffer.alloc(1_000)]);
    await expect(inspect({ 'model.onnx': behind })).rejects.toMatchObject(refusal);
    const before = Buffer.concat([ZIP, onnx]);
    await expect(inspect({ 'model.onnx': before })).rejects.toMatchObject(refusal);
  });
});

describe('a set of files', () => {
  it('is known by its bytes under any name', async () => {
    await expect(inspect({ 'weights.pkl': onnx })).resolves.toMatchObject({
      engine: 'onnx',
      format: 'onnx',
      entryPath: 'weights.pkl',
    });
  });

  it('may hold texts for people, and nothing else that the model does not name', async () => {
    const LICENSE = Buffer.from('Do what you like.\n');
    await expect(inspect({ 'model.onnx': onnx, 'README.md': LICENSE, LICENSE })).resolves.toBeDefined();
    for (const stray of ['run.sh', 'model.py', 'w.bin']) {
      await expect(inspect({ 'model.onnx': onnx, [stray]: LICENSE })).rejects.toMatchObject({
        code: 'model_files.file_stray',
      });
    }
    // What a model is fitted with comes from the platform's own training, never with an upload.
    const preprocessing = { 'model.onnx': onnx, 'preprocessing.json': Buffer.from('{"format":"x"}') };
    await expect(inspect(preprocessing)).rejects.toMatchObject({ code: 'model_files.file_stray' });
    const binary = Buffer.from([1, 2, 3, 0]);
    await expect(inspect({ 'model.onnx': onnx, 'README.md': binary })).rejects.toMatchObject({
      kind: 'unprocessable',
    });
  });

  it.each([
    ['sample requests', 'warmup.json'],
    ["a trainer's signature", 'signature.json'],
  ])('may hold %s as JSON, and nothing else under that name', async (_, path) => {
    const text = (content: string) => ({ 'model.onnx': onnx, [path]: Buffer.from(content) });
    expect(await inspect(text('[{"inputs": []}]'))).toMatchObject({ entryPath: 'model.onnx' });
    expect(await inspect(text(' {"inputs": []}'))).toMatchObject({ entryPath: 'model.onnx' });
    for (const content of [ZIP, PICKLES[6]!, Buffer.from('hello')]) {
      await expect(inspect({ 'model.onnx': onnx, [path]: content })).rejects.toMatchObject({
        code: 'model_files.file_stray',
      });
    }
  });

  it('is refused when it holds two models, or paths that collide', async () => {
    await expect(inspect({ 'a.onnx': onnx, 'b.onnx': onnx })).rejects.toThrow('both models');
    await expect(inspect({ 'a.onnx': onnx, 'A.onnx': onnx })).rejects.toMatchObject({
      code: 'model_files.files_invalid',
    });
  });
});

describe('a damaged model', () => {
  const isRefusal = { kind: expect.stringMatching(/^(?:unprocessable|unsupported_media)$/) as string };

  it('cut anywhere is refused and never anything else', async () => {
    for (let end = 0; end < onnx.length; end += 1) {
      // A cut between two fields of the outermost message leaves a shorter message that may be whole in itself.
      const outcome = await inspect({ 'model.onnx': onnx.subarray(0, end) }).catch((error: unknown) => error);
      if (outcome instanceof Error) expect(outcome).toMatchObject(isRefusal);
      else expect(end).toBeGreaterThan(onnx.length - 20);
    }
  });

  it('with any byte changed is either a model or refused, within memory and time that its size explains', async () => {
    for (let at = 0; at < onnx.length; at += 1) {
      for (const value of [0x00, 0x7f, 0x80, 0xff]) {
        const changed = Buffer.from(onnx);
        changed[at] = value;
        const outcome = await inspect({ 'model.onnx': changed }).catch((error: unknown) => error);
        if (outcome instanceof Error) expect(outcome).toMatchObject(isRefusal);
      }
    }
  });
});
