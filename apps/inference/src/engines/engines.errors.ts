import { DomainError } from '@aimass/platform-errors';

/** The files are not a model that fits its signature; loading it again would fail again. */
export function modelUnusable(reason: string, cause?: unknown): DomainError {
  return new DomainError('precondition_failed', 'inference.model_unusable', reason, { cause });
}

/** A text element that the engine cannot take without changing it; `index` counts the elements of the whole batch. */
export function textRefused(index: number, what: string): DomainError {
  return new DomainError(
    'invalid',
    'inference.text_refused',
    `Element ${index} of a BYTES input ${what}; this model takes Unicode text. Encode other bytes, for example as base64.`,
  );
}

/** A 64-bit integer that the engine cannot take without changing it. */
export function integerRefused(name: string, max: number): DomainError {
  return new DomainError(
    'invalid',
    'inference.integer_refused',
    `Input "${name}" holds an integer that this model cannot take: its engine has 0 to ${max}.`,
  );
}
