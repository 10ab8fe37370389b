import { DomainError } from '@aimass/platform-errors';

const refusal = (code: string, message: string) =>
  new DomainError('invalid', `data_sources.${code}`, message);

export const csvEmpty = () =>
  refusal('csv_empty', 'The file is empty. Upload a CSV file with a header line and rows.');

export const csvNoRows = (droppedRowCount: number) =>
  refusal(
    'csv_no_rows',
    droppedRowCount === 0
      ? 'The file has a header but no rows. Add at least one row.'
      : `No row is left: all ${droppedRowCount} rows have no value at all. Add at least one row with values.`,
  );

export const csvHeaderDuplicate = (name: string, first: number, second: number) =>
  refusal(
    'csv_header_duplicate',
    `Line 1 names the column "${name}" twice (columns ${first} and ${second}; upper and lower case count as the same). Give every column a name of its own.`,
  );

export const csvHeaderBlank = (column: number) =>
  refusal('csv_header_blank', `Line 1 has no name for column ${column}. Give every column a name.`);

export const csvTooManyColumns = (count: number, limit: number) =>
  refusal(
    'csv_too_many_columns',
    `The file has ${count} columns; at most ${limit} are allowed. Remove columns.`,
  );

export const csvRagged = (line: number, count: number, expected: number) =>
  refusal(
    'csv_ragged_row',
    `Line ${line} has ${values(count)} but the header names ${expected}. Give every row ${values(expected)}; a value that holds the separator must be in double quotes.`,
  );

export const csvCutRow = (line: number, count: number, expected: number) =>
  refusal(
    'csv_cut',
    `Line ${line}, the last one, has ${values(count)} of ${expected}: the file seems to be cut. Upload the whole file.`,
  );

export const csvCutQuote = (line: number) =>
  refusal(
    'csv_cut',
    `The quote opened on line ${line} is never closed: the file seems to be cut. Upload the whole file, or close the quote.`,
  );

export const csvCutCharacter = (line: number) =>
  refusal(
    'csv_cut',
    `Line ${line} ends inside a character: the file seems to be cut. Upload the whole file.`,
  );

export const csvQuote = (line: number, column: number) =>
  refusal(
    'csv_quote',
    `Line ${line}, column ${column} has a double quote in the wrong place. Put the whole value in double quotes and double the quotes inside it.`,
  );

export const csvRowTooLong = (line: number, limitBytes: number) =>
  refusal(
    'csv_row_too_long',
    `The row that starts on line ${line} is longer than ${limitBytes} bytes. A double quote that is never closed may be the reason.`,
  );

export const csvNotUtf8 = (line: number) =>
  refusal(
    'csv_not_utf8',
    `Line ${line} is not UTF-8 text. Name the encoding that it has in the recipe (csv.encoding: latin1, windows-1252, utf-16le, utf-16be), or save it as UTF-8.`,
  );

export const csvNul = (line: number) =>
  refusal(
    'csv_nul',
    `Line ${line} holds a NUL byte, so this is not UTF-8 text. If it is UTF-16 without a byte order mark, name that in the recipe (csv.encoding); else save it as a UTF-8 CSV file.`,
  );

export const tableTooLarge = (cause: unknown) =>
  new DomainError(
    'too_large',
    'data_sources.table_too_large',
    'The table needs more memory or disk than this service may use. Remove columns or rows, or raise TABLE_MEMORY_MB.',
    { cause },
  );

function values(count: number): string {
  return count === 1 ? '1 value' : `${count} values`;
}
