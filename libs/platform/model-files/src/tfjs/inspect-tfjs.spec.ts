import { describe, expect, it } from 'vitest';
import { inspectModelFiles } from '../inspect-model-files.js';
import { memoryFile } from '../model-file.js';

const dense = (units: number, more: object = {}) => ({
  class_name: 'Dense',
  config: { name: `dense_${units}`, units, ...more },
});
const sequential = (...layers: object[]) => ({
  model_config: { class_name: 'Sequential', config: { name: 'model', layers } },
});
const FIRST = { batch_input_shape: [null, 3], dtype: 'float32' };
const WEIGHTS = [{ paths: ['w.bin'], weights: [{ name: 'w', shape: [3, 2], dtype: 'float32' }] }];
const layersModel = (change: object = {}) => ({
  format: 'layers-model',
  modelTopology: sequential(dense(2, FIRST)),
  weightsManifest: WEIGHTS,
  ...change,
});

const inspect = (document: unknown, files: Record<string, Uint8Array> = { 'w.bin': new Uint8Array(24) }) =>
  inspectModelFiles([
    memoryFile('model.json', Buffer.from(typeof document === 'string' ? document : JSON.stringify(document))),
    ...Object.entries(files).map(([path, content]) => memoryFile(path, content)),
  ]);

describe('a Layers model', () => {
  it('has the signature of its layers when they are simple', async () => {
    await expect(inspect(layersModel())).resolves.toEqual({
      engine: 'tensorflow',
      format: 'tfjs-layers',
      entryPath: 'model.json',
      namesAreFree: true,
      signature: {
        inputs: [{ name: 'dense_2', datatype: 'FP32', shape: ['-1', '3'] }],
        outputs: [{ name: 'dense_2', datatype: 'FP32', shape: ['-1', '2'] }],
      },
    });
  });

  it('has none when what comes out cannot be told without running it', async () => {
    const modelTopology = sequential(dense(2, FIRST), {
      class_name: 'Reshape',
      config: { target_shape: [1, 2] },
    });
    expect((await inspect(layersModel({ modelTopology }))).signature).toBeUndefined();
  });

  it.each([
    ['Lambda', { class_name: 'Lambda', config: { function: 'require("child_process")' } }],
    ['an unknown class', { class_name: 'TFOpLambda', config: {} }],
    ['a class of the prototype', { class_name: 'constructor', config: {} }],
    ['one inside a wrapper', { class_name: 'TimeDistributed', config: { layer: { class_name: 'Lambda' } } }],
    [
      'one inside a nested model',
      { class_name: 'Sequential', config: { layers: [{ class_name: 'Lambda' }] } },
    ],
    ['one inside a recurrent cell', { class_name: 'RNN', config: { cell: { class_name: 'Evil' } } }],
    [
      'one inside both directions',
      { class_name: 'Bidirectional', config: { backward_layer: { class_name: 'Evil' } } },
    ],
  ])('is refused with a layer that would need code: %s', async (_, layer) => {
    const modelTopology = sequential(dense(2, FIRST), layer);
    await expect(inspect(layersModel({ modelTopology }))).rejects.toMatchObject({
      kind: 'unprocessable',
      code: 'model_files.layer_refused',
    });
  });
});

describe('weights', () => {
  const named = (path: string) => layersModel({ weightsManifest: [{ ...WEIGHTS[0], paths: [path] }] });

  it.each([
    '../../w.bin',
    '/etc/passwd',
    'http://evil.example/w.bin',
    'https://evil.example/w.bin',
    'file:///etc/passwd',
    '..\\w.bin',
    'a/../../w.bin',
    '',
  ])('are refused at %j', async (path) => {
    await expect(inspect(named(path))).rejects.toMatchObject({ code: 'model_files.files_invalid' });
  });

  it('are refused when they are not there, or of another size', async () => {
    await expect(inspect(named('other.bin'))).rejects.toMatchObject({ code: 'model_files.file_missing' });
    await expect(inspect(layersModel(), { 'w.bin': new Uint8Array(23) })).rejects.toThrow('ask for 24');
    const weights = [{ name: 'w', shape: [2 ** 52, 2 ** 52], dtype: 'float32' }];
    const huge = layersModel({ weightsManifest: [{ paths: ['w.bin'], weights }] });
    await expect(inspect(huge)).rejects.toMatchObject({ code: 'model_files.malformed' });
  });

  it('are accepted quantized, and refused of an unknown type or with one name twice', async () => {
    const of = (...weights: object[]) => layersModel({ weightsManifest: [{ paths: ['w.bin'], weights }] });
    const quantized = {
      name: 'w',
      shape: [24],
      dtype: 'float32',
      quantization: { dtype: 'uint8', scale: 1, min: 0 },
    };
    await expect(inspect(of(quantized))).resolves.toBeDefined();
    await expect(inspect(of({ ...quantized, quantization: { dtype: 'toString' } }))).rejects.toThrow(
      'unknown type',
    );
    await expect(inspect(of({ ...quantized, shape: [12] }, { ...quantized, shape: [12] }))).rejects.toThrow(
      'twice',
    );
  });
});

describe('a graph model', () => {
  const graph = (ops: string[], signature?: object) => ({
    format: 'graph-model',
    modelTopology: { node: ops.map((op, index) => ({ name: `n${index}`, op })), library: {} },
    weightsManifest: WEIGHTS,
    ...(signature === undefined ? {} : { signature }),
  });
  const tensor = { name: 'x:0', dtype: 'DT_FLOAT', tensorShape: { dim: [{ size: '-1' }, { size: '3' }] } };

  it('has the signature that it says', async () => {
    const facts = await inspect(
      graph(['Placeholder', 'MatMul'], { inputs: { x: tensor }, outputs: { y: tensor } }),
    );
    expect(facts).toMatchObject({
      format: 'tfjs-graph',
      signature: { inputs: [{ name: 'x', datatype: 'FP32', shape: ['-1', '3'] }], outputs: [{ name: 'y' }] },
    });
  });

  it.each(['ReadFile', 'WriteFile', 'PyFunc', 'EagerPyFunc', 'RestoreV2'])(
    'is refused with %s',
    async (op) => {
      await expect(inspect(graph(['Placeholder', op]))).rejects.toMatchObject({
        code: 'model_files.operator_refused',
      });
      const hidden = graph(['Placeholder']);
      Object.assign(hidden.modelTopology, { library: { function: [{ nodeDef: [{ name: 'n', op }] }] } });
      await expect(inspect(hidden)).rejects.toMatchObject({ code: 'model_files.operator_refused' });
    },
  );
});

describe('a model.json', () => {
  it.each([
    ['no JSON', '{"modelTopology": '],
    ['no topology', { weightsManifest: [] }],
    ['a list for a topology', { modelTopology: [], weightsManifest: [] }],
    [
      'a negative size',
      layersModel({ weightsManifest: [{ paths: [], weights: [{ name: 'w', shape: [-1], dtype: 'bool' }] }] }),
    ],
    ['a tower of lists', `{"modelTopology":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
    ['a tower of objects', `{"modelTopology":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`],
  ])('with %s is refused', async (_, document) => {
    await expect(inspect(document)).rejects.toMatchObject({ kind: 'unprocessable' });
  });

  it('never reaches the prototype of objects', async () => {
    const document = JSON.stringify(layersModel()).replace('{', '{"__proto__":{"polluted":true},');
    await inspect(document);
    expect({}).not.toHaveProperty('polluted');
  });
});
