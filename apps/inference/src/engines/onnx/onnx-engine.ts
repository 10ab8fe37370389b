import { env, InferenceSession } from 'onnxruntime-node';
import type { Datatype } from '../../tensors/datatype.js';
import type { Signature } from '../../tensors/signature.js';
import type { Engine, LoadedModel, ModelFiles } from '../engine.js';
import { modelUnusable } from '../engines.errors.js';
import { inspectFiles } from '../inspect-files.js';
import { DATATYPE_OF } from './onnx-datatypes.js';
import { OnnxModel } from './onnx-model.js';
import { splitOnnxFiles } from './onnx-files.js';
import type { OnnxFiles } from './onnx-files.js';

/** Settings of ONNX Runtime. */
export interface OnnxOptions {
  /** Threads that compute one operator. */
  readonly threads: number;
}

/** Runs ONNX models with ONNX Runtime: one model file, and the files of external data that it names. */
export class OnnxEngine implements Engine {
  readonly name = 'onnx';
  readonly backend = 'onnxruntime (cpu)';
  readonly formats: ReadonlySet<string> = new Set(['onnx']);
  readonly riskyFormats = this.formats;
  readonly isThreadSafe = true;
  /** What the binding carries, and bfloat16 in and out of float32 graphs. */
  readonly datatypes: ReadonlySet<Datatype> = new Set<Datatype>([...Object.values(DATATYPE_OF), 'BF16']);

  constructor(private readonly options: OnnxOptions) {
    env.logLevel = 'fatal';
  }

  async load(files: ModelFiles, signature: Signature): Promise<LoadedModel> {
    const entryPath = await inspectFiles(files, 'onnx');
    const session = await this.createSession(splitOnnxFiles(files, entryPath));
    try {
      return new OnnxModel(session, signature);
    } catch (error) {
      await session.release();
      throw error;
    }
  }

  /** From memory only, so that the model cannot name a file that the manifest does not have. */
  private async createSession({ model, externalData }: OnnxFiles): Promise<InferenceSession> {
    try {
      return await InferenceSession.create(model, {
        externalData,
        intraOpNumThreads: this.options.threads,
        interOpNumThreads: 1,
        executionMode: 'sequential',
        // Both keep memory for the next run, per model and for every shape that has been seen. Many models on little
        // memory need it more: an MLP 64-256-256-10 takes 14 µs a row and 66 µs for 32 rows with and without them.
        enableCpuMemArena: false,
        enableMemPattern: false,
        // Fatal only: why a run failed is in its error, and callers could fill the log with it.
        logSeverityLevel: 4,
      });
    } catch (error) {
      const reason = ortMessage(error);
      // The machine is short of memory now; it need not be so at the next attempt.
      if (/bad_alloc|allocat/i.test(reason)) throw new Error(reason, { cause: error });
      throw modelUnusable(`ONNX Runtime cannot load the model: ${reason}`, error);
    }
  }
}

/** What ONNX Runtime says, without the source files of its own build. */
function ortMessage(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/\/\S*onnxruntime\/\S+:\d+ /g, '');
}
