import { loadTensorflow } from '@aimass/platform-tensorflow';
import type { Engine } from './engine.js';

/** What engines are made from; plain data, so that it can be sent to other threads and processes. */
export interface EngineSettings {
  /** Threads that compute one operator of an ONNX model. */
  readonly onnxThreads: number;
  /** `auto` takes the native library when it is built. */
  readonly tensorflowBackend: 'auto' | 'tfjs-node' | 'tfjs';
  /** Folder that the engines may write to and remove. */
  readonly workFolder: string;
}

export const ENGINE_NAMES = ['onnx', 'tensorflow'] as const;
export type EngineName = (typeof ENGINE_NAMES)[number];

export function isEngineName(name: string): name is EngineName {
  return (ENGINE_NAMES as readonly string[]).includes(name);
}

/** Makes an engine in this thread. Only what it needs is loaded: a process that tries one model is started for that. */
export async function createEngine(
  name: EngineName,
  settings: EngineSettings,
  log: Parameters<typeof loadTensorflow>[0]['log'],
): Promise<Engine> {
  if (name === 'onnx') {
    const { OnnxEngine } = await import('./onnx/onnx-engine.js');
    return new OnnxEngine({ threads: settings.onnxThreads });
  }
  const { TensorflowEngine } = await import('./tensorflow/tensorflow-engine.js');
  const prefer = settings.tensorflowBackend;
  const runtime = await loadTensorflow({ log, ...(prefer === 'auto' ? {} : { prefer }) });
  return new TensorflowEngine(runtime, { workFolder: settings.workFolder });
}
