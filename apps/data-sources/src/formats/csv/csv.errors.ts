import { DomainError } from '@aimass/platform-errors';

const refusal = (code: string, message: string) =>
  new DomainError('invalid', `data_sources.${code}`, message);

export const csvOptionInvalid = (option: string, message: string) =>
  new DomainError('invalid', 'data_sources.csv_option_invalid', `csv.${option} ${message}.`, {
    violations: [{ path: `recipe.csv.${option}`, message }],
  });

export const csvFilesDiffer = (column: string) =>
  refusal(
    'csv_files_differ',
    `The files do not have the same columns: not every one has "${column}" and as many as the first. Read files of one kind, or use a narrower prefix.`,
  );

export const csvEncodingWrong = (encoding: string, cause: unknown) =>
  new DomainError(
    'invalid',
    'data_sources.csv_encoding',
    `The file is not ${encoding} text. Name the encoding that it has in the recipe (csv.encoding), or save it as UTF-8.`,
    { cause },
  );

export const csvColumnUnknown = (name: string) =>
  refusal(
    'csv_column_unknown',
    `The recipe describes the column ${shown(name)}, but the file has none of that name. Correct the name; upper and lower case count.`,
  );

export const csvValueInvalid = (
  row: number,
  column: string,
  { value, wanted }: { value: string; wanted: string },
) =>
  refusal(
    'csv_value_invalid',
    `Row ${row} has ${shown(value)} in column ${shown(column)}, which is not ${wanted}. Correct it, list it under nullValues of the column, or change the type of the column in the recipe.`,
  );

export const csvDateFormatInvalid = (column: string, format: string, cause: unknown) =>
  new DomainError(
    'invalid',
    'data_sources.csv_date_format_invalid',
    `The format ${shown(format)} of column ${shown(column)} is not one that strptime takes, such as %d/%m/%Y.`,
    { cause },
  );

export const csvFormatWithoutTime = (column: string, type: string) =>
  refusal(
    'csv_date_format_invalid',
    `Column ${shown(column)} has a format of dates but the type ${type}. Make the type date or timestamp, or leave it out.`,
  );

function shown(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}
