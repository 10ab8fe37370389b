import { DomainError } from '@aimass/platform-errors';
import {
  PREPROCESSING_FILE,
  shipPreprocessing,
  SIGNATURE_FILE,
  writeFeatures,
} from '@aimass/platform-model-files';
import type { RawValue, ShippedPreprocessing, TensorFacts } from '@aimass/platform-model-files';
import type { LoadedModel, ModelFiles } from '../engines/engine.js';
import { modelUnusable } from '../engines/engines.errors.js';
import { DATATYPES } from '../tensors/datatype.js';
import type { Signature, TensorSpec } from '../tensors/signature.js';
import type { Tensor } from '../tensors/tensor.js';

/** What is done to raw columns before a version's engine sees them: what training did, to the last bit. */
export class ModelPreparation {
  private constructor(
    private readonly shipped: ShippedPreprocessing,
    /** What the engine takes, and gives. */
    readonly engineSignature: Signature,
  ) {}

  /**
   * By the version's `preprocessing.json` and `signature.json`. Throws `precondition_failed` when they are not sound, or
   * do not lead from the signature that callers see to the model's own.
   */
  static of(files: ModelFiles, signature: Signature): ModelPreparation {
    const shipped = readShipped(files);
    if (!sameInputs(shipped.rawInputs, signature.inputs)) {
      throw modelUnusable(
        `The inputs of the version are not the columns that its ${PREPROCESSING_FILE} starts from.`,
      );
    }
    const { name, datatype, shape } = shipped.modelInput;
    const input = {
      name,
      datatype: datatype === 'FP64' ? 'FP64' : 'FP32',
      shape: shape.map(Number),
    } as const;
    return new ModelPreparation(shipped, { inputs: [input], outputs: signature.outputs });
  }

  /** The engine's inputs for raw ones, in the order of the version's signature. */
  prepare(inputs: readonly Tensor[]): Tensor[] {
    const { plan } = this.shipped;
    const [input] = this.engineSignature.inputs;
    const rowCount = inputs[0]?.shape[0] ?? 0;
    const datatype = input?.datatype === 'FP64' ? 'FP64' : 'FP32';
    const shape = [rowCount, plan.features.length];
    const data = DATATYPES[datatype].allocate(rowCount * plan.features.length) as Float32Array | Float64Array;
    writeFeatures(plan, rowCount, reader(inputs, plan.sources.length), data);
    return [{ datatype, shape, data }];
  }

  /** The model with this in front of it. */
  around(model: LoadedModel): LoadedModel {
    return new PreparedModel(model, this);
  }
}

/** A model that takes raw columns. */
class PreparedModel implements LoadedModel {
  readonly memoryBytes?: number;
  readonly startedThread?: boolean;

  constructor(
    private readonly model: LoadedModel,
    private readonly preparation: ModelPreparation,
  ) {
    if (model.memoryBytes !== undefined) this.memoryBytes = model.memoryBytes;
    if (model.startedThread !== undefined) this.startedThread = model.startedThread;
  }

  run(inputs: readonly Tensor[]): Promise<readonly Tensor[]> {
    return this.model.run(this.preparation.prepare(inputs));
  }

  dispose(): void {
    this.model.dispose();
  }
}

function readShipped(files: ModelFiles): ShippedPreprocessing {
  const signature = files.get(SIGNATURE_FILE) ?? Buffer.alloc(0);
  try {
    return shipPreprocessing(files.get(PREPROCESSING_FILE) ?? Buffer.alloc(0), signature);
  } catch (error) {
    if (error instanceof DomainError) throw modelUnusable(error.message, error);
    throw error;
  }
}

function sameInputs(wanted: readonly TensorFacts[], given: readonly TensorSpec[]): boolean {
  return (
    wanted.length === given.length &&
    wanted.every(({ name, datatype, shape }, index) => {
      const spec = given[index];
      return spec?.name === name && spec.datatype === datatype && shape.join() === spec.shape.join();
    })
  );
}

/** Raw values of a row: from the columns of one tensor, or from one tensor for each column. */
function reader(inputs: readonly Tensor[], width: number): (source: number, row: number) => RawValue {
  const [first] = inputs;
  if (inputs.length === 1 && first?.datatype === 'FP64') {
    return (source, row) => Number(first.data[row * width + source]);
  }
  const readers = inputs.map(valueReader);
  return (source, row) => readers[source]?.(row) ?? '';
}

function valueReader({ datatype, data }: Tensor): (row: number) => RawValue {
  if (datatype === 'BOOL') return (row) => (data[row] ? 'true' : 'false');
  if (datatype !== 'BYTES') return (row) => Number(data[row]);
  return (row) => {
    const element = data[row] as string | Uint8Array;
    return typeof element === 'string' ? element : Buffer.from(element).toString();
  };
}
