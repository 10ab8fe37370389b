import { tmpdir } from 'node:os';
import { LanePool } from '../src/engines/lanes/lane-pool.js';
import { OnnxEngine } from '../src/engines/onnx/onnx-engine.js';
import { Watchdog } from '../src/engines/watchdog/watchdog.js';
import { loopModel } from './hostile-models.fixture.js';

/** A process that runs a loop of a given length under a watchdog of one second: `loop|lane <count>`. */
const [where, count] = process.argv.slice(2);
const watchdog = new Watchdog(1);
const { files, signature } = loopModel(Number(count));
const settings = { onnxThreads: 1, tensorflowBackend: 'tfjs', workFolder: tmpdir() } as const;
const lanes = new LanePool({ settings, lanes: 1, watchdog });
const model =
  where === 'lane'
    ? await lanes.load('mv_endless', { engine: 'onnx', format: 'onnx', signature, files: [...files] })
    : watchdog.watch(await new OnnxEngine({ threads: 1 }).load(files, signature), 'mv_endless');
await model.run([{ datatype: 'FP32', shape: [1, 1], data: Float32Array.of(0) }]);
process.stdout.write('done\n');
