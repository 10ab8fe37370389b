import { DomainError } from '@aimass/platform-errors';

export const sumTooLarge = () =>
  new DomainError(
    'unprocessable',
    'marketplace.usage_sum_too_large',
    'The sum does not fit into 64 bits. Ask for one subscription at a time.',
  );
