import { DATATYPES } from '../tensors/datatype.js';
import { fromRaw } from '../tensors/raw-tensor.js';
import type { TensorSpec } from '../tensors/signature.js';
import { elementCount } from '../tensors/tensor.js';
import type { InputTensor } from '../tensors/tensor.js';
import { JsonElements } from './json-elements.js';
import type { JsonOutline } from './json-outline.js';
import { inputInvalid, requestInvalid } from './protocols.errors.js';
import { isObject, quoted } from './quoted.js';
import { refuseParameters } from './request-parameters.js';
import { checkDatatype, checkShape } from './tensor-checks.js';

/** Gives each input its elements: from its slice of the JSON, or from the bytes behind it. */
export class InputReader {
  private rawAt: number;
  private slicesRead = 0;

  constructor(
    private readonly body: Buffer,
    private readonly jsonLength: number | undefined,
    private readonly outline: JsonOutline,
  ) {
    this.rawAt = jsonLength ?? body.length;
  }

  read(input: Readonly<Record<string, unknown>>, spec: TensorSpec): InputTensor {
    checkDatatype(input['datatype'], spec);
    const shape = checkShape(input['shape'], spec);
    const { parameters, data } = input;
    if (isObject(parameters)) {
      refuseParameters(`Input ${quoted(spec.name)}`, parameters);
      const size = Object.hasOwn(parameters, 'binary_data_size') ? parameters['binary_data_size'] : undefined;
      if (size !== undefined) return { shape, values: this.readBinary(size, { data, shape, spec }) };
    }
    if (!Array.isArray(data)) {
      throw inputInvalid(spec, '"data" must be an array, flat or nested as "shape" says');
    }
    const slice = 2 * Number(data[0]);
    const [start, end] = [this.outline.slices[slice] ?? 0, this.outline.slices[slice + 1] ?? 0];
    this.slicesRead += 1;
    return { shape, values: new JsonElements(this.body, start, end, spec).read(shape) };
  }

  /** Nothing may be left over: which of two "data" was meant, or whose bytes these are, nobody knows. */
  end(): void {
    if (this.slicesRead * 2 !== this.outline.slices.length) {
      throw requestInvalid('"data" or "inputs" is given twice: give it once.');
    }
    if (this.rawAt !== this.body.length) {
      throw requestInvalid(
        `${this.body.length - this.rawAt} bytes follow the last tensor: "binary_data_size" must add up to all bytes behind the JSON.`,
      );
    }
  }

  private readBinary(
    size: unknown,
    { data, shape, spec }: { data: unknown; shape: readonly number[]; spec: TensorSpec },
  ): InputTensor['values'] {
    if (this.jsonLength === undefined) {
      throw inputInvalid(spec, '"binary_data_size" needs the header Inference-Header-Content-Length');
    }
    if (data !== undefined) throw inputInvalid(spec, 'give "data" or "binary_data_size", not both');
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
      throw inputInvalid(spec, `"binary_data_size" must be a whole number of bytes, not ${quoted(size)}`);
    }
    const end = this.rawAt + size;
    if (end > this.body.length) {
      throw inputInvalid(
        spec,
        `"binary_data_size" is ${size}, the body has ${this.body.length - this.rawAt} bytes left`,
      );
    }
    const bytes = this.body.subarray(this.rawAt, end);
    this.rawAt = end;
    return readExactly(bytes, shape, spec);
  }
}

/** The tensor that is a whole body. A text is the body as it is, without its length, as Triton has it. Throws `invalid`. */
export function readRaw(body: Buffer, shape: readonly number[], spec: TensorSpec): InputTensor['values'] {
  if (spec.datatype !== 'BYTES') return readExactly(body, shape, spec);
  const count = elementCount(shape);
  if (count !== 1) throw inputInvalid(spec, `a body without JSON is one text, the input takes ${count}`);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(body.length);
  return readExactly(Buffer.concat([length, body]), shape, spec);
}

/** A tensor from exactly its raw bytes. Throws `invalid`. */
function readExactly(bytes: Buffer, shape: readonly number[], spec: TensorSpec): InputTensor['values'] {
  const values = fromRaw(bytes, spec.datatype, elementCount(shape));
  if (typeof values === 'string') throw inputInvalid(spec, `its binary data ${values}`);
  return values;
}

/** The shape of a tensor that comes without one: batch 1, and at most one dimension that follows from the size. */
export function rawShape(spec: TensorSpec, sizeBytes: number, hasRows: boolean): readonly number[] {
  const shape = [...spec.shape];
  if (hasRows) shape[0] = 1;
  const variable = shape.indexOf(-1);
  if (variable === -1) return shape;
  const isKnown = spec.datatype !== 'BYTES' && !shape.includes(-1, variable + 1);
  if (!isKnown) {
    throw inputInvalid(
      spec,
      `a body without JSON does not tell its shape [${spec.shape.join(',')}]: send the JSON as well`,
    );
  }
  shape[variable] = 1;
  const stepBytes = elementCount(shape) * DATATYPES[spec.datatype].size;
  const size = sizeBytes / stepBytes;
  if (!Number.isInteger(size) || size === 0) {
    throw inputInvalid(
      spec,
      `a body without JSON must be a multiple of ${stepBytes} bytes, not ${sizeBytes}`,
    );
  }
  shape[variable] = size;
  return shape;
}
