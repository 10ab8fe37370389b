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

export const splitColumnUnknown = (column: string, known: readonly string[]) => {
  const message = `There is no column "${column.slice(0, 100)}" in this version. Its columns are: ${known.slice(0, 20).join(', ')}${known.length > 20 ? ', …' : ''}.`;
  return columnRefused(message);
};

export const splitColumnInvalid = (column: string, type: string, reason: string) =>
  columnRefused(`Column "${column.slice(0, 100)}" (${type}) ${reason}. Choose another column.`);

export const splitColumnMissingValues = (column: string, count: number) =>
  columnRefused(
    `${count} ${count === 1 ? 'row has' : 'rows have'} no value in column "${column.slice(0, 100)}", so ${count === 1 ? 'it has' : 'they have'} no place in time. Filter such rows out, or fill them, in the recipe of the version.`,
  );

export const splitChoiceInvalid = (path: string, message: string) =>
  new DomainError('invalid', 'data_sources.split_choice_invalid', message, {
    violations: [{ path, message }],
  });

export const splitPartWithoutRows = (part: string) =>
  new DomainError(
    'invalid',
    'data_sources.split_part_empty',
    `These cuts leave no row for ${part}. Move them, or leave one out.`,
    { violations: [{ path: 'cuts', message: `${part} would have no row` }] },
  );

function columnRefused(message: string): DomainError {
  return new DomainError('invalid', 'data_sources.split_column_invalid', message, {
    violations: [{ path: 'column', message }],
  });
}
