import { DomainError } from '@aimass/platform-errors';

/** The request does not fit the protocol or the model's signature; the message says what to change. */
export function requestInvalid(message: string): DomainError {
  return new DomainError('invalid', 'inference.request_invalid', message);
}

export function binaryNotSupported(): DomainError {
  return requestInvalid(
    'Binary tensors are not supported yet: send each input\'s values as JSON in "data", and ask for no binary outputs.',
  );
}

/** JSON has no NaN and no infinity. */
export function outputNotFinite(output: string): DomainError {
  return new DomainError(
    'internal',
    'inference.output_not_finite',
    `The model's output "${output}" is not a finite number for this input. Check that the input's values are in the range the model was trained on.`,
  );
}
