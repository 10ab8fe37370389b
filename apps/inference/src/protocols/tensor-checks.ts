import { DATATYPES } from '../tensors/datatype.js';
import type { TensorSpec } from '../tensors/signature.js';
import { inputInvalid } from './protocols.errors.js';
import { quoted } from './quoted.js';

/** Throws unless the datatype a caller gives is the spec's. */
export function checkDatatype(datatype: unknown, spec: TensorSpec): void {
  if (datatype === spec.datatype) return;
  if (typeof datatype !== 'string') throw inputInvalid(spec, `set "datatype" to "${spec.datatype}"`);
  if (!Object.hasOwn(DATATYPES, datatype)) {
    throw inputInvalid(spec, `${quoted(datatype)} is not a datatype; the model takes "${spec.datatype}"`);
  }
  throw inputInvalid(spec, `the model takes datatype "${spec.datatype}", not "${datatype}"`);
}

/** The shape a caller gives, once it is known to fit the spec's. Dimensions of 0 are refused: nothing to compute. */
export function checkShape(shape: unknown, spec: TensorSpec): readonly number[] {
  const wanted = spec.shape;
  if (!Array.isArray(shape)) {
    throw inputInvalid(spec, `set "shape" to an array that fits [${wanted.join(',')}]`);
  }
  if (shape.length !== wanted.length) {
    throw inputInvalid(
      spec,
      `"shape" has ${shape.length} dimensions, the model takes ${wanted.length}: [${wanted.join(',')}]`,
    );
  }
  for (let i = 0; i < wanted.length; i++) {
    const size: unknown = shape[i];
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 1) {
      throw inputInvalid(
        spec,
        `dimension ${i} of "shape" must be a whole number of at least 1, not ${quoted(size)}`,
      );
    }
    if (wanted[i] !== -1 && wanted[i] !== size) {
      throw inputInvalid(
        spec,
        `dimension ${i} of "shape" must be ${wanted[i]}, not ${size}: the model takes [${wanted.join(',')}]`,
      );
    }
  }
  return shape as number[];
}
