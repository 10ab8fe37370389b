import { DomainError } from '@aimass/platform-errors';
import { MAX_COLUMNS } from '../tables/csv-header.js';

const refusal = (code: string, message: string) =>
  new DomainError('invalid', `data_sources.${code}`, message);

/**
 * Throws when a name is blank, there twice in any case, or holds a NUL, or when there are too many. CSV has checks of
 * its own that name the line.
 */
export function checkColumnNames(names: readonly string[]): void {
  if (names.length > MAX_COLUMNS) {
    throw refusal(
      'too_many_columns',
      `The data has ${names.length} columns; at most ${MAX_COLUMNS} are allowed. Remove columns.`,
    );
  }
  const seen = new Map<string, string>();
  for (const name of names) {
    if (name.trim() === '' || name.includes('\0')) {
      throw refusal('column_name_invalid', `A column has the name ${JSON.stringify(name)}. Give it another.`);
    }
    const first = seen.get(name.toLowerCase());
    if (first !== undefined) {
      throw refusal(
        'column_name_duplicate',
        `Two columns have the names ${JSON.stringify(first)} and ${JSON.stringify(name)}; upper and lower case count as the same. Give every column a name of its own.`,
      );
    }
    seen.set(name.toLowerCase(), name);
  }
}
