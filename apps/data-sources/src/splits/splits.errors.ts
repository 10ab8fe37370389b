import { DomainError } from '@aimass/platform-errors';
import type { Violation } from '@aimass/platform-errors';

export const splitNotFound = (id: string) =>
  new DomainError('not_found', 'data_sources.split_not_found', `There is no split "${id}".`);

export const splitRatiosInvalid = (message: string, violations: readonly Violation[] = []) =>
  new DomainError('invalid', 'data_sources.split_ratios_invalid', message, { violations });

export const splitPartEmpty = (part: string, ratio: number, rowCount: number) =>
  new DomainError(
    'invalid',
    'data_sources.split_part_empty',
    `${ratio} of ${rowCount} rows leaves no row for ${part}. Raise its ratio, set it to 0, or import more rows.`,
    { violations: [{ path: `ratios.${part}`, message: `${part} would have no row` }] },
  );
