import { buildOnnxModel } from '@aimass/platform-model-files';
import { eventually } from '@aimass/testing';
import { must } from './api.js';
import type { Api } from './api.js';

/** y = slope · x + intercept over one feature, as ONNX. */
export function lineModel(slope: number, intercept: number): Uint8Array {
  return buildOnnxModel({
    inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 1] }],
    outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 1] }],
    initializers: [
      { name: 'slope', datatype: 'FP32', shape: [1, 1], data: [slope] },
      { name: 'intercept', datatype: 'FP32', shape: [1], data: [intercept] },
    ],
    nodes: [
      { op: 'MatMul', inputs: ['x', 'slope'], outputs: ['scaled'] },
      { op: 'Add', inputs: ['scaled', 'intercept'], outputs: ['y'] },
    ],
  });
}

/** Counts from 0 to its input, one by one: how long a run takes is the caller's choice. */
export function countingModel(): Uint8Array {
  return buildOnnxModel({
    inputs: [{ name: 'count', datatype: 'INT64', shape: [1] }],
    outputs: [{ name: 'counted', datatype: 'FP32', shape: [1] }],
    initializers: [
      { name: 'always', datatype: 'BOOL', shape: [], data: [1] },
      { name: 'zero', datatype: 'FP32', shape: [1], data: [0] },
      { name: 'scalar', datatype: 'INT64', shape: [0], data: [] },
    ],
    nodes: [
      { op: 'Reshape', inputs: ['count', 'scalar'], outputs: ['trips'] },
      {
        op: 'Loop',
        inputs: ['trips', 'always', 'zero'],
        outputs: ['counted'],
        attributes: { body: { graph: countingBody() } },
      },
    ],
  });
}

function countingBody() {
  return {
    inputs: [
      { name: 'i', datatype: 'INT64', shape: [] },
      { name: 'go', datatype: 'BOOL', shape: [] },
      { name: 'sum', datatype: 'FP32', shape: [1] },
    ],
    outputs: [
      { name: 'goOn', datatype: 'BOOL', shape: [] },
      { name: 'next', datatype: 'FP32', shape: [1] },
    ],
    initializers: [{ name: 'one', datatype: 'FP32', shape: [1], data: [1] }],
    nodes: [
      { op: 'Identity', inputs: ['go'], outputs: ['goOn'] },
      { op: 'Add', inputs: ['sum', 'one'], outputs: ['next'] },
    ],
  };
}

/** Registers a model's only file as its next version through the public API; returns the version's number. */
export async function registerOnnx(api: Api, model: string, file: Uint8Array): Promise<number> {
  const upload = await must(
    api.upload(new Uint8Array(file), { 'content-type': 'application/octet-stream' }),
    201,
  );
  const files = [{ path: 'model.onnx', uploadId: upload.body.id as string }];
  const version = await must(api.post(`/models/${model}/versions`, { files, source: 'a test' }), 201);
  return version.body.number as number;
}

/** Registers, deploys under the model's name, and waits until it answers `probe`. */
export async function deployOnnx(api: Api, model: string, file: Uint8Array, probe: unknown): Promise<number> {
  const version = await registerOnnx(api, model, file);
  await must(api.post('/deployments', { name: model, variants: [{ model, version }] }), 201);
  await eventually(async () => ((await api.infer(model, probe)).status === 200 ? true : undefined));
  return version;
}

/** One row for the line model. */
export function x(value: number) {
  return [{ name: 'x', shape: [1, 1], datatype: 'FP32', data: [value] }];
}
