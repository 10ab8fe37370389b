import { DomainError } from '@aimass/platform-errors';
import type { TensorSpec } from '../tensors/signature.js';
import { quoted } from './quoted.js';

/** The request does not fit the protocol or the model's signature; the message says what to change. */
export function requestInvalid(message: string): DomainError {
  return new DomainError('invalid', 'inference.request_invalid', message);
}

/** One input does not. */
export function inputInvalid(spec: TensorSpec, reason: string): DomainError {
  return requestInvalid(`Input ${quoted(spec.name)}: ${reason}.`);
}

/** JSON has no NaN and no infinity. */
export function outputNotFinite(output: string): DomainError {
  return new DomainError(
    'internal',
    'inference.output_not_finite',
    `The model's output "${output}" is not a finite number for this input. Check that the input's values are in the range the model was trained on, or ask for binary output, which carries NaN and infinity.`,
  );
}

/** JSON text is Unicode; a BYTES element may be anything. */
export function outputNotText(output: string): DomainError {
  return new DomainError(
    'internal',
    'inference.output_not_text',
    `The model's output "${output}" holds bytes that are not UTF-8 text, which JSON cannot carry: ask for binary output ("parameters": {"binary_data": true}).`,
  );
}
