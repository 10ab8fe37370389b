import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EngineRoom } from '../src/engines/engine-room.js';
import type { LoadedModel } from '../src/engines/engine.js';
import { LanePool } from '../src/engines/lanes/lane-pool.js';
import { OnnxEngine } from '../src/engines/onnx/onnx-engine.js';
import { TensorflowEngine } from '../src/engines/tensorflow/tensorflow-engine.js';
import { Watchdog } from '../src/engines/watchdog/watchdog.js';
import type { Tensor } from '../src/tensors/tensor.js';
import { describeEngine } from './engine.contract.js';
import { loopModel } from './hostile-models.fixture.js';
import { LINE_SIGNATURE, lineModelFiles, tensorflowForTests } from './layers-model.fixture.js';
import { ONNX_LINE_SIGNATURE, onnxFiles, onnxIdentity, onnxLineFiles } from './onnx-model.fixture.js';

let workFolder: string;
let watchdog: Watchdog;
let lanes: LanePool;
const settings = () => ({ onnxThreads: 1, tensorflowBackend: 'tfjs', workFolder }) as const;

beforeAll(async () => {
  workFolder = await mkdtemp(join(tmpdir(), 'aimass-lanes-'));
  watchdog = new Watchdog(30);
  lanes = new LanePool({ settings: settings(), lanes: 2, watchdog });
});
afterAll(async () => {
  await lanes.stop();
  await watchdog.stop();
  await rm(workFolder, { recursive: true });
});

const engine = new OnnxEngine({ threads: 1 });

/** An engine whose every model lives in a lane. */
describeEngine('onnx in lanes', {
  engine: () =>
    Promise.resolve({
      name: engine.name,
      backend: engine.backend,
      formats: engine.formats,
      datatypes: engine.datatypes,
      riskyFormats: engine.riskyFormats,
      isThreadSafe: engine.isThreadSafe,
      load: (files, signature, format) =>
        lanes.load('mv_test', { engine: 'onnx', format, signature, files: [...files] }),
    }),
  format: 'onnx',
  line: (slope, intercept) =>
    Promise.resolve({ files: onnxLineFiles(slope, intercept), signature: ONNX_LINE_SIGNATURE }),
  identity: (datatype) => Promise.resolve(onnxIdentity(datatype)),
  failing: () => {
    const signature = {
      inputs: [{ name: 'x', datatype: 'INT64', shape: [-1] } as const],
      outputs: [{ name: 'y', datatype: 'FP32', shape: [-1] } as const],
    };
    const files = onnxFiles({
      ...signature,
      nodes: [{ op: 'Gather', inputs: ['table', 'x'], outputs: ['y'] }],
      initializers: [{ name: 'table', datatype: 'FP32', shape: [2], data: [1, 1] }],
    });
    const at = (row: bigint): Tensor => ({ datatype: 'INT64', shape: [1], data: BigInt64Array.of(row) });
    return Promise.resolve({ files, signature, bad: at(10n), good: at(1n) });
  },
  memory: {
    model: () => Promise.resolve({ files: onnxLineFiles(1, 2), signature: ONNX_LINE_SIGNATURE }),
    held: () => Promise.resolve(process.memoryUsage.rss()),
    slack: 60_000_000,
  },
});

describe('the engine room', () => {
  const start = (
    slowRunMs: number,
    { files, signature }: Pick<ReturnType<typeof loopModel>, 'files' | 'signature'>,
  ): Promise<LoadedModel> => {
    const room = new EngineRoom({ settings: settings(), lanes, slowRunMs, watchdog });
    return room.start(engine, {
      modelVersionId: 'mv_slow',
      digest: 'digest',
      format: 'onnx',
      signature,
      files,
      contents: () => Promise.resolve(files),
      isUrgent: () => true,
      samples: [],
      maxRows: 1,
    });
  };
  const row: Tensor = { datatype: 'FP32', shape: [1, 1], data: Float32Array.of(0) };

  it('keeps a slow model off the event loop, which goes on while it computes', async () => {
    const model = await start(5, loopModel(300_000));
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const startedAt = performance.now();
    await model.run([row]);
    const runMs = performance.now() - startedAt;
    delay.disable();
    expect(runMs).toBeGreaterThan(50);
    expect(delay.max / 1e6).toBeLessThan(runMs / 2);
    model.dispose();
  });

  it('leaves a light model on the event loop, whose run a lane would only delay', async () => {
    const model = await start(5, { files: onnxLineFiles(2, 1), signature: ONNX_LINE_SIGNATURE });
    let turns = 0;
    const count = (): void => {
      turns += 1;
      if (turns < 100) setImmediate(count);
    };
    setImmediate(count);
    const [output] = await model.run([row]);
    // The binding computes in the turn after the call: a message to a thread and back takes several.
    expect(turns).toBeLessThanOrEqual(2);
    expect(output?.data[0]).toBe(1);
    model.dispose();
  });

  it('serves a slow TF.js model from a lane as well', async () => {
    const tensorflow = new TensorflowEngine(await tensorflowForTests(), { workFolder });
    const room = new EngineRoom({ settings: settings(), lanes, slowRunMs: 0, watchdog });
    const files = await lineModelFiles(2, 1);
    const model = await room.start(tensorflow, {
      modelVersionId: 'mv_tensorflow',
      digest: 'digest',
      format: 'tfjs-layers',
      signature: LINE_SIGNATURE,
      files,
      contents: () => Promise.resolve(files),
      isUrgent: () => true,
      samples: [],
      maxRows: 4,
    });
    const [output] = await model.run([{ ...row, data: Float32Array.of(3) }]);
    expect(output?.data).toEqual(Float32Array.of(7));
    model.dispose();
  });
});
