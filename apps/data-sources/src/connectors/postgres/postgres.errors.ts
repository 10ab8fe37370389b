import { DomainError } from '@aimass/platform-errors';

/** The query is not one that only reads. */
export const queryRefused = (reason: string) =>
  new DomainError('invalid', 'data_sources.query_refused', `The query is refused: ${reason}.`);
