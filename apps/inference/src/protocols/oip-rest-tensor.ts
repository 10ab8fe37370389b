import { DATATYPES } from '../tensors/datatype.js';
import type { Datatype } from '../tensors/datatype.js';
import type { TensorSpec } from '../tensors/signature.js';
import type { InputTensor } from '../tensors/tensor.js';
import { elementCount } from '../tensors/tensor.js';
import { binaryNotSupported, requestInvalid } from './oip-rest.errors.js';

/** The fields of one input object; whatever else it holds is ignored. */
interface RawInput {
  readonly datatype?: unknown;
  readonly shape?: unknown;
  readonly data?: unknown;
  readonly parameters?: unknown;
}

/** Checks one input against its spec. Throws `invalid` with what to change; reads each element once. */
export function parseInput(raw: RawInput, spec: TensorSpec): InputTensor {
  checkDatatype(raw.datatype, spec);
  const shape = checkShape(raw.shape, spec);
  if (
    raw.data === undefined &&
    isObject(raw.parameters) &&
    Object.hasOwn(raw.parameters, 'binary_data_size')
  ) {
    throw binaryNotSupported();
  }
  return { shape, values: parseData(raw.data, shape, spec) };
}

/** Whether a parsed JSON value is an object with keys. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A caller's value for a message: text quoted and cut to a readable length, arrays and objects by kind only. */
export function quoted(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value !== null) return 'an object';
  const isLong = typeof value === 'string' && value.length > 80;
  return JSON.stringify(isLong ? `${value.slice(0, 77)}...` : value);
}

function checkDatatype(datatype: unknown, spec: TensorSpec): void {
  if (datatype === spec.datatype) {
    if (DATATYPES[spec.datatype].isJson) return;
    throw refuse(
      spec,
      `${spec.datatype} values travel as binary tensors only, and those are not supported yet`,
    );
  }
  if (typeof datatype !== 'string') throw refuse(spec, `set "datatype" to "${spec.datatype}"`);
  if (!Object.hasOwn(DATATYPES, datatype)) {
    throw refuse(spec, `${quoted(datatype)} is not a datatype; the model takes "${spec.datatype}"`);
  }
  throw refuse(spec, `the model takes datatype "${spec.datatype}", not "${datatype}"`);
}

function checkShape(shape: unknown, spec: TensorSpec): number[] {
  const wanted = spec.shape;
  if (!Array.isArray(shape)) throw refuse(spec, `set "shape" to an array that fits [${wanted.join(',')}]`);
  if (shape.length !== wanted.length) {
    throw refuse(
      spec,
      `"shape" has ${shape.length} dimensions, the model takes ${wanted.length}: [${wanted.join(',')}]`,
    );
  }
  for (let i = 0; i < wanted.length; i++) {
    const size: unknown = shape[i];
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 1) {
      throw refuse(
        spec,
        `dimension ${i} of "shape" must be a whole number of at least 1, not ${quoted(size)}`,
      );
    }
    if (wanted[i] !== -1 && wanted[i] !== size) {
      throw refuse(
        spec,
        `dimension ${i} of "shape" must be ${wanted[i]}, not ${size}: the model takes [${wanted.join(',')}]`,
      );
    }
  }
  return shape as number[];
}

/** `data` is flat or nested to the shape; a flat array is checked where it lies and never copied. */
function parseData(data: unknown, shape: readonly number[], spec: TensorSpec): InputTensor['values'] {
  if (!Array.isArray(data)) throw refuse(spec, '"data" must be an array, flat or nested as "shape" says');
  const count = elementCount(shape);
  if (Array.isArray(data[0]) && shape.length > 1) {
    const flat: unknown[] = [];
    flatten(data, 0, { shape, spec, flat });
    return checkElements(flat, spec);
  }
  if (data.length !== count) {
    throw refuse(spec, `"data" has ${data.length} elements, "shape" [${shape.join(',')}] needs ${count}`);
  }
  return checkElements(data, spec);
}

interface Flattening {
  readonly shape: readonly number[];
  readonly spec: TensorSpec;
  readonly flat: unknown[];
}

/** Goes no deeper than the shape has dimensions, whatever the caller nested. */
function flatten(level: unknown, depth: number, into: Flattening): void {
  const size = into.shape[depth];
  if (!Array.isArray(level) || level.length !== size) {
    const found = Array.isArray(level) ? `an array of ${level.length}` : quoted(level);
    throw refuse(
      into.spec,
      `"data" is not nested as "shape" says: at depth ${depth} it has ${found}, not an array of ${size}`,
    );
  }
  if (depth === into.shape.length - 1) {
    for (const element of level) into.flat.push(element);
    return;
  }
  for (const inner of level) flatten(inner, depth + 1, into);
}

function checkElements(values: readonly unknown[], spec: TensorSpec): InputTensor['values'] {
  const { kind } = DATATYPES[spec.datatype];
  if (kind === 'float' || kind === 'integer') return checkNumbers(values, spec, kind === 'integer');
  const type = kind === 'bool' ? 'boolean' : 'string';
  for (let i = 0; i < values.length; i++) {
    if (typeof values[i] !== type) throw elementInvalid(spec, i, values[i]);
  }
  return values as readonly boolean[] | readonly string[];
}

function checkNumbers(values: readonly unknown[], spec: TensorSpec, isWhole: boolean): readonly number[] {
  const { min, max } = DATATYPES[spec.datatype];
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    // The comparison also refuses 1e999, which JSON.parse reads as Infinity.
    const isValid =
      typeof value === 'number' && value >= min && value <= max && (!isWhole || Number.isInteger(value));
    if (!isValid) throw elementInvalid(spec, i, value);
  }
  return values as readonly number[];
}

const TAKES: Partial<Record<Datatype, string>> = {
  BOOL: 'true or false',
  BYTES: 'strings',
  FP32: 'numbers within the range of 32-bit floats',
  FP64: 'numbers within the range of 64-bit floats',
};

function elementInvalid(spec: TensorSpec, index: number, value: unknown): Error {
  const { min, max } = DATATYPES[spec.datatype];
  const takes = TAKES[spec.datatype] ?? `whole numbers from ${min} to ${max}`;
  const found = typeof value === 'number' ? String(value) : quoted(value);
  return refuse(spec, `element ${index} of "data" is ${found}; ${spec.datatype} takes ${takes}`);
}

function refuse(spec: TensorSpec, reason: string): Error {
  return requestInvalid(`Input ${quoted(spec.name)}: ${reason}.`);
}
