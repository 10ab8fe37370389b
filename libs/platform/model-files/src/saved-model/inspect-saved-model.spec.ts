import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { describe, expect, it } from 'vitest';
import { inspectModelFiles } from '../inspect-model-files.js';
import { memoryFile } from '../model-file.js';

interface Node {
  readonly name: string;
  readonly op: string;
  readonly inputs?: readonly string[];
  readonly calls?: readonly string[];
  readonly texts?: Readonly<Record<string, string>>;
}
interface Model {
  readonly nodes: readonly Node[];
  readonly functions?: Readonly<Record<string, readonly Node[]>>;
  readonly output?: string;
  readonly restoreOp?: string;
  readonly assets?: readonly string[];
  readonly mainOp?: string;
  readonly tag?: string;
}

const write = (fill: (writer: BinaryWriter) => void): Uint8Array => {
  const writer = new BinaryWriter();
  fill(writer);
  return writer.finish();
};
const bytes = (writer: BinaryWriter, field: number, value: Uint8Array | string) =>
  writer.tag(field, WireType.LengthDelimited).bytes(typeof value === 'string' ? Buffer.from(value) : value);
const entry = (key: string, value: Uint8Array) =>
  write((writer) => {
    bytes(writer, 1, key);
    bytes(writer, 2, value);
  });

const nodeDef = ({ name, op, inputs = [], calls = [], texts = {} }: Node) =>
  write((writer) => {
    bytes(writer, 1, name);
    bytes(writer, 2, op);
    for (const input of inputs) bytes(writer, 3, input);
    const call = (fn: string) =>
      write((inner) =>
        bytes(
          inner,
          10,
          write((list) => bytes(list, 1, fn)),
        ),
      );
    for (const fn of calls) bytes(writer, 5, entry('f', call(fn)));
    for (const [key, text] of Object.entries(texts))
      bytes(
        writer,
        5,
        entry(
          key,
          write((inner) => bytes(inner, 2, text)),
        ),
      );
  });

const tensorInfo = (name: string) =>
  write((writer) => {
    bytes(writer, 1, name);
    writer.tag(2, WireType.Varint).int32(1);
    const dim = write((inner) => inner.tag(1, WireType.Varint).int64(-1));
    bytes(
      writer,
      3,
      write((inner) => bytes(inner, 2, dim)),
    );
  });

function savedModel(model: Model): Uint8Array {
  const {
    nodes,
    functions = {},
    output = 'out:0',
    restoreOp = '',
    assets = [],
    mainOp,
    tag = 'serve',
  } = model;
  const library = write((writer) => {
    for (const [name, body] of Object.entries(functions)) {
      const fn = write((inner) => {
        bytes(
          inner,
          1,
          write((signature) => bytes(signature, 1, name)),
        );
        for (const node of body) bytes(inner, 3, nodeDef(node));
      });
      bytes(writer, 1, fn);
    }
  });
  const graph = write((writer) => {
    for (const node of nodes) bytes(writer, 1, nodeDef(node));
    bytes(writer, 2, library);
  });
  const signature = write((writer) => {
    bytes(writer, 1, entry('x', tensorInfo('in:0')));
    bytes(writer, 2, entry('y', tensorInfo(output)));
  });
  const meta = write((writer) => {
    bytes(
      writer,
      1,
      write((info) => bytes(info, 4, tag)),
    );
    bytes(writer, 2, graph);
    bytes(
      writer,
      3,
      write((saver) => bytes(saver, 3, restoreOp)),
    );
    const collection = (name: string) =>
      write((inner) =>
        bytes(
          inner,
          1,
          write((list) => bytes(list, 1, name)),
        ),
      );
    if (mainOp !== undefined) bytes(writer, 4, entry('saved_model_main_op', collection(mainOp)));
    bytes(writer, 5, entry('serving_default', signature));
    for (const asset of assets)
      bytes(
        writer,
        6,
        write((inner) => bytes(inner, 2, asset)),
      );
  });
  return write((writer) => {
    writer.tag(1, WireType.Varint).int64(1);
    bytes(writer, 2, meta);
  });
}

const IN: Node = { name: 'in', op: 'Placeholder' };
const OUT: Node = { name: 'out', op: 'Identity', inputs: ['in'] };
const RESTORE: Node[] = [
  { name: 'filename', op: 'Placeholder' },
  { name: 'restore', op: 'PartitionedCall', inputs: ['filename'], calls: ['traced_restore'] },
];
const restoring = (...body: Node[]): Model => ({
  nodes: [IN, OUT, ...RESTORE],
  functions: { traced_restore: body },
  restoreOp: 'restore',
});

const inspect = (model: Model, ...beside: string[]) =>
  inspectModelFiles(
    ['saved_model.pb', 'variables/variables.index', ...beside].map((path) =>
      memoryFile(path, path.endsWith('.pb') ? savedModel(model) : new Uint8Array(4)),
    ),
  );
const refusal = { kind: 'unprocessable', code: 'model_files.operator_refused' };

describe('a SavedModel', () => {
  it('has the signature that it is called by, and its own checkpoint', async () => {
    const own = restoring(
      { name: 'r', op: 'RestoreV2', inputs: ['file_prefix'] },
      { name: 'a', op: 'AssignVariableOp', inputs: ['r:tensors:0'] },
    );
    const saving = { name: 's', op: 'SaveV2', inputs: ['file_prefix'] };
    const model = { ...own, functions: { ...own.functions, traced_save: [saving] } };
    await expect(inspect(model)).resolves.toEqual({
      engine: 'tensorflow',
      format: 'saved-model',
      entryPath: 'saved_model.pb',
      namesAreFree: false,
      signature: {
        inputs: [{ name: 'x', datatype: 'FP32', shape: ['-1'] }],
        outputs: [{ name: 'y', datatype: 'FP32', shape: ['-1'] }],
      },
    });
  });

  it.each(['ReadFile', 'WriteFile', 'PyFunc', 'EagerPyFunc', 'MatchingFiles', 'Save', 'TextLineDataset'])(
    'with %s is refused, in the graph, in a function, and where nothing calls it',
    async (op) => {
      const node = { name: 'n', op, inputs: ['in'] };
      await expect(inspect({ nodes: [IN, OUT, node] })).rejects.toMatchObject(refusal);
      await expect(inspect({ nodes: [IN, OUT], functions: { f: [node] } })).rejects.toMatchObject(refusal);
    },
  );

  it('that prints is accepted to the log and refused to a file', async () => {
    const print = (stream: string): Model => ({
      nodes: [IN, OUT, { name: 'p', op: 'PrintV2', inputs: ['in'], texts: { output_stream: stream } }],
    });
    await expect(inspect(print('stderr'))).resolves.toBeDefined();
    await expect(inspect(print('file:///etc/cron.d/x'))).rejects.toMatchObject(refusal);
  });

  it.each(['SaveV2', 'RestoreV2', 'MergeV2Checkpoints'])(
    'that reaches %s when it is called is refused',
    async (op) => {
      const touch = { name: 't', op, inputs: ['in'] };
      const direct = { nodes: [IN, touch, { ...OUT, inputs: ['t:0'] }] };
      await expect(inspect(direct)).rejects.toMatchObject(refusal);
      await expect(inspect({ nodes: [IN, touch, { ...OUT, inputs: ['in', '^t'] }] })).rejects.toMatchObject(
        refusal,
      );
      const hidden = {
        nodes: [IN, { ...OUT, op: 'PartitionedCall', calls: ['f'] }],
        functions: { f: [touch] },
      };
      await expect(inspect(hidden)).rejects.toMatchObject(refusal);
      const byName = { nodes: [IN, { ...OUT, op: 'f' }], functions: { f: [touch] } };
      await expect(inspect(byName)).rejects.toMatchObject(refusal);
      await expect(inspect({ nodes: [IN, OUT, touch], mainOp: 't' })).rejects.toMatchObject(refusal);
    },
  );

  it('that restores from a file of its own choice, or writes when it is loaded, is refused', async () => {
    const constant = { name: 'c', op: 'Const' };
    const restore = { name: 'r', op: 'RestoreV2', inputs: ['c:output:0'] };
    await expect(inspect(restoring(constant, restore))).rejects.toMatchObject(refusal);
    await expect(
      inspect(restoring({ name: 's', op: 'SaveV2', inputs: ['file_prefix'] })),
    ).rejects.toMatchObject(refusal);
  });

  it('with an asset outside of it, or not there, is refused', async () => {
    const model = (asset: string) => ({ nodes: [IN, OUT], assets: [asset] });
    await expect(inspect(model('../../etc/passwd'))).rejects.toMatchObject({ kind: 'unprocessable' });
    await expect(inspect(model('words.txt'))).rejects.toMatchObject({ code: 'model_files.file_missing' });
    await expect(inspect(model('words.txt'), 'assets/words.txt')).resolves.toBeDefined();
  });

  it('without a graph to serve, or without its variables, is refused', async () => {
    await expect(inspect({ nodes: [IN, OUT], tag: 'train' })).rejects.toThrow('tag serve');
    const model = restoring({ name: 'r', op: 'RestoreV2', inputs: ['file_prefix'] });
    const alone = [memoryFile('saved_model.pb', savedModel(model))];
    await expect(inspectModelFiles(alone)).rejects.toMatchObject({ code: 'model_files.file_missing' });
  });

  it('under another name is refused', async () => {
    const files = [memoryFile('model.pb', savedModel({ nodes: [IN, OUT] }))];
    await expect(inspectModelFiles(files)).rejects.toThrow('must have the path');
  });
});
