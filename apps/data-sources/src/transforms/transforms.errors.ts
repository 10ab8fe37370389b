import { DomainError } from '@aimass/platform-errors';

/** A step that cannot be applied to the columns it finds; `path` is its place in the recipe. */
export const transformInvalid = (path: string, message: string) =>
  new DomainError('invalid', 'data_sources.transform_invalid', `${message} (${path})`, {
    violations: [{ path, message }],
  });

export const columnUnknown = (path: string, column: string, known: readonly string[]) =>
  transformInvalid(
    path,
    `There is no column ${quoted(column)} at this step. The columns are: ${known.slice(0, 20).map(quoted).join(', ')}${known.length > 20 ? ', …' : ''}.`,
  );

export const castFailed = (
  path: string,
  cast: { column: string; type: string; row: string; value: string },
) => {
  const { column, type, row, value } = cast;
  const message = `Row ${row} has ${quoted(value)} in column ${quoted(column)}, which cannot be made ${type} without loss. Correct it, filter such rows out before, or leave out the cast.`;
  return new DomainError('invalid', 'data_sources.cast_failed', message, {
    violations: [{ path, message }],
  });
};

export const noRowsLeft = () =>
  new DomainError(
    'invalid',
    'data_sources.transform_no_rows',
    'No row is left after the filters of the recipe. Loosen them.',
  );

/** A fitted step that the training rows do not support. */
export const fitImpossible = (column: string, reason: string) =>
  new DomainError('invalid', 'data_sources.fit_impossible', `Column ${quoted(column)} ${reason}`);

/** Names and values are whatever their maker wrote: cut, and with control characters escaped. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}
