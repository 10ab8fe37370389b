import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildOnnxModel } from '@aimass/platform-model-files';
import type { OnnxModel, OnnxValue } from '@aimass/platform-model-files';

/** Writes the models that the vectors ask, as one folder that Triton and MLServer take as their model repository. */
const FOLDER = fileURLToPath(new URL('../models/', import.meta.url));

/** What a model computes, and the tensors that a server is to say it has. */
interface ModelSource {
  readonly name: string;
  readonly model: OnnxModel;
  /** Where they differ from the file's own. */
  readonly inputs?: readonly OnnxValue[];
  readonly outputs?: readonly OnnxValue[];
}

const DATATYPES = [
  'BOOL',
  'UINT8',
  'UINT16',
  'UINT32',
  'UINT64',
  'INT8',
  'INT16',
  'INT32',
  'INT64',
  'FP16',
  'FP32',
  'FP64',
  'BYTES',
];

const value = (name: string, datatype: string, shape: readonly number[]): OnnxValue => ({
  name,
  datatype,
  shape,
});

/** Gives back what it gets, tensor by tensor. */
function identity(inputs: readonly OnnxValue[], outputNames: readonly string[]): OnnxModel {
  const outputs = inputs.map((input, index) => ({ ...input, name: outputNames[index] ?? '' }));
  const nodes = inputs.map((input, index) => ({
    op: 'Identity',
    inputs: [input.name],
    outputs: [outputNames[index] ?? ''],
  }));
  return { inputs, outputs, nodes };
}

const SOURCES: readonly ModelSource[] = [
  ...DATATYPES.map((datatype) => ({
    name: `oip-${datatype.toLowerCase()}`,
    model: identity([value('INPUT0', datatype, [-1, -1])], ['OUTPUT0']),
  })),
  {
    // ONNX Runtime takes no BF16 tensors on a CPU; FP32 holds every one of them.
    name: 'oip-bf16',
    model: identity([value('INPUT0', 'FP32', [-1, -1])], ['OUTPUT0']),
    inputs: [value('INPUT0', 'BF16', [-1, -1])],
    outputs: [value('OUTPUT0', 'BF16', [-1, -1])],
  },
  {
    name: 'oip-add-sub',
    model: {
      inputs: [value('INPUT0', 'INT32', [-1, 4]), value('INPUT1', 'INT32', [-1, 4])],
      outputs: [value('OUTPUT0', 'INT32', [-1, 4]), value('OUTPUT1', 'INT32', [-1, 4])],
      nodes: [
        { op: 'Add', inputs: ['INPUT0', 'INPUT1'], outputs: ['OUTPUT0'] },
        { op: 'Sub', inputs: ['INPUT0', 'INPUT1'], outputs: ['OUTPUT1'] },
      ],
    },
  },
  {
    // y = x0 + 2 x1 + 3 x2 + 0.5
    name: 'oip-linear',
    model: {
      inputs: [value('x', 'FP32', [-1, 3])],
      outputs: [value('y', 'FP32', [-1, 1])],
      nodes: [{ op: 'Gemm', inputs: ['x', 'weights', 'bias'], outputs: ['y'] }],
      initializers: [
        { ...value('weights', 'FP32', [3, 1]), data: [1, 2, 3] },
        { ...value('bias', 'FP32', [1]), data: [0.5] },
      ],
    },
  },
  {
    name: 'oip-mixed',
    model: identity(
      [
        value('number', 'FP32', [-1, 2]),
        value('count', 'INT64', [-1, 1]),
        value('text', 'BYTES', [-1, 1]),
        value('flag', 'BOOL', [-1, 1]),
      ],
      ['number_out', 'count_out', 'text_out', 'flag_out'],
    ),
  },
  { name: 'oip-fixed', model: identity([value('INPUT0', 'FP32', [2, 3])], ['OUTPUT0']) },
  { name: 'oip-scalar', model: identity([value('INPUT0', 'FP32', [1])], ['OUTPUT0']) },
  { name: 'oip-vector', model: identity([value('INPUT0', 'FP32', [-1])], ['OUTPUT0']) },
  { name: 'oip-text', model: identity([value('INPUT0', 'BYTES', [1])], ['OUTPUT0']) },
];

/** Triton's word for a datatype. */
const tritonType = (datatype: string) => `TYPE_${datatype === 'BYTES' ? 'STRING' : datatype}`;

function tritonConfig({ name, model }: ModelSource): string {
  const tensors = (list: readonly OnnxValue[]) =>
    list
      .map(
        (tensor) =>
          `  { name: "${tensor.name}" data_type: ${tritonType(tensor.datatype)} dims: [${tensor.shape.join(', ')}] }`,
      )
      .join(',\n');
  return `name: "${name}"
platform: "onnxruntime_onnx"
max_batch_size: 0
input [
${tensors(model.inputs)}
]
output [
${tensors(model.outputs)}
]
`;
}

function describe({ name, model, inputs, outputs }: ModelSource) {
  return { name, inputs: inputs ?? model.inputs, outputs: outputs ?? model.outputs };
}

function mlserverSettings(source: ModelSource): object {
  return {
    ...describe(source),
    implementation: 'onnx_model.OnnxModel',
    parameters: { uri: './1/model.onnx', version: '1' },
  };
}

function write(path: string, content: string | Uint8Array): void {
  writeFileSync(`${FOLDER}${path}`, content);
}

rmSync(FOLDER, { recursive: true, force: true });
for (const source of SOURCES) {
  mkdirSync(`${FOLDER}${source.name}/1`, { recursive: true });
  write(`${source.name}/1/model.onnx`, buildOnnxModel(source.model));
  write(`${source.name}/config.pbtxt`, tritonConfig(source));
  write(`${source.name}/model-settings.json`, `${JSON.stringify(mlserverSettings(source), null, 2)}\n`);
}
const list = SOURCES.map((source) => ({ ...describe(source), isDeclared: source.inputs !== undefined }));
write('models.json', `${JSON.stringify(list, null, 2)}\n`);
