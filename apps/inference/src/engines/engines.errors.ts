import { DomainError } from '@aimass/platform-errors';

/** The files are not a model that fits its signature; loading it again would fail again. */
export function modelUnusable(reason: string, cause?: unknown): DomainError {
  return new DomainError('precondition_failed', 'inference.model_unusable', reason, { cause });
}
