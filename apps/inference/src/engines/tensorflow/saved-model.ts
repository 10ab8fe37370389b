import type {
  SavedModel as LoadedSavedModel,
  SavedModelEndpoint,
  Tensorflow,
} from '@aimass/platform-tensorflow';
import type { Signature, TensorSpec } from '../../tensors/signature.js';
import type { Tensor } from '../../tensors/tensor.js';
import type { LoadedModel } from '../engine.js';
import { integerRefused } from '../engines.errors.js';
import { bindEndpoints } from './endpoints.js';
import type { BoundEndpoint, Endpoint } from './endpoints.js';
import { fromTfTensor, toTfTensor } from './tf-tensors.js';
import type { TfTensor } from './tf-tensors.js';

/** TF.js has no 64-bit integers: it hands these over in 32 bits, and takes them for unsigned. */
const MAX_INT64_INPUT = 2 ** 31 - 1;

/** A SavedModel in the native library, bound to the version's signature; names are the SavedModel's. */
export class SavedModel implements LoadedModel {
  private readonly inputs: readonly BoundEndpoint[];
  private readonly outputs: readonly BoundEndpoint[];

  /** Throws `precondition_failed` when the model and the signature do not fit. */
  constructor(
    private readonly tf: Tensorflow,
    private readonly model: LoadedSavedModel,
    signature: Signature,
  ) {
    this.inputs = bindEndpoints('input', narrowed(signature.inputs), model.inputs.map(toEndpoint));
    const outputs = bindEndpoints('output', narrowed(signature.outputs), model.outputs.map(toEndpoint));
    this.outputs = outputs.map((bound, i) => ({
      ...bound,
      datatype: signature.outputs[i]?.datatype ?? bound.datatype,
    }));
  }

  run(inputs: readonly Tensor[]): Promise<readonly Tensor[]> {
    const feeds: Record<string, TfTensor> = {};
    let results: Record<string, TfTensor> = {};
    try {
      this.inputs.forEach(({ position, dtype }, i) => {
        const input = inputs[i];
        const name = this.model.inputs[position]?.name ?? '';
        if (input) feeds[name] = toTfTensor(this.tf, toNarrow(input, name), dtype);
      });
      results = this.model.predict(feeds);
      return Promise.resolve(this.outputs.map((bound) => this.toTensor(bound, results)));
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    } finally {
      this.tf.dispose([feeds, results]);
    }
  }

  dispose(): void {
    this.model.dispose();
  }

  private toTensor({ position, datatype }: BoundEndpoint, results: Record<string, TfTensor>): Tensor {
    const name = this.model.outputs[position]?.name ?? '';
    const result = results[name];
    if (result === undefined) throw new Error(`The model gave no output "${name}".`);
    return fromTfTensor(this.tf, result, datatype);
  }
}

/** For the comparison with the model: TF.js calls 64-bit integers int32. */
function narrowed(specs: readonly TensorSpec[]): TensorSpec[] {
  return specs.map((spec) => (spec.datatype === 'INT64' ? { ...spec, datatype: 'INT32' } : spec));
}

function toNarrow(input: Tensor, name: string): Tensor {
  const { data } = input;
  if (!(data instanceof BigInt64Array)) return input;
  const narrow = new Int32Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const value = Number(data[i]);
    if (value < 0 || value > MAX_INT64_INPUT) throw integerRefused(name, MAX_INT64_INPUT);
    narrow[i] = value;
  }
  return { ...input, datatype: 'INT32', data: narrow };
}

function toEndpoint({ name, shape, type }: SavedModelEndpoint): Endpoint {
  // A scalar and an unknown rank look the same; the warm-up run tells them apart.
  return { name, shape: shape.length === 0 ? undefined : shape, dtype: DTYPES[type] ?? type };
}

const DTYPES: Readonly<Record<string, string>> = {
  DT_FLOAT: 'float32',
  DT_INT32: 'int32',
  DT_INT64: 'int32',
  DT_UINT8: 'int32',
  DT_BOOL: 'bool',
  DT_STRING: 'string',
};
