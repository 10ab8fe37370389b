import { parentPort, workerData } from 'node:worker_threads';
import { createEngine } from '../create-engine.js';
import type { EngineName } from '../create-engine.js';
import type { Engine, LoadedModel } from '../engine.js';
import { toRemoteError } from '../remote-error.js';
import { CountedModel } from '../watchdog/run-counters.js';
import type { LaneAnswer, LaneData, LaneLoad, LaneRequest } from './lane-messages.js';
import { pack } from './transfer.js';

const { settings } = workerData as LaneData;
const quiet = { info: () => undefined, warn: () => undefined };
const engines = new Map<EngineName, Promise<Engine>>();
const models = new Map<number, LoadedModel>();

parentPort?.on('message', (request: LaneRequest) => {
  if (request.kind === 'dispose') {
    models.get(request.model)?.dispose();
    models.delete(request.model);
    return;
  }
  const work = request.kind === 'load' ? load(request.model, request.load) : run(request);
  work.catch((error: unknown) => answer({ call: request.call, error: toRemoteError(error) }));
  if (request.kind === 'load')
    void work.then(
      () => answer({ call: request.call, outputs: [] }),
      () => undefined,
    );
});

async function load(model: number, { engine, files, signature, format, place }: LaneLoad): Promise<void> {
  const created = engines.get(engine) ?? createEngine(engine, settings, quiet);
  engines.set(engine, created);
  const contents = new Map(files.map(([path, content]) => [path, toBuffer(content)]));
  const loaded = await (await created).load(contents, signature, format);
  models.set(model, place ? new CountedModel(loaded, place.counters, place.slot) : loaded);
}

async function run({ call, model, inputs }: Extract<LaneRequest, { kind: 'run' }>): Promise<void> {
  const loaded = models.get(model);
  if (loaded === undefined) throw new Error('The model is not in this lane.');
  const outputs = pack(await loaded.run(inputs));
  answer({ call, outputs: outputs.tensors }, outputs.transfer);
}

function answer(message: LaneAnswer, transfer: ReturnType<typeof pack>['transfer'] = []): void {
  parentPort?.postMessage(message, transfer);
}

/** Buffers arrive as plain byte arrays. */
function toBuffer({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, length);
}
