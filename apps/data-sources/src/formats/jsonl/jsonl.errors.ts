import { DomainError } from '@aimass/platform-errors';

const refusal = (code: string, message: string) =>
  new DomainError('invalid', `data_sources.${code}`, message);

/** Where a line stands: its number from 1 and, when several files are read, its file. */
export interface LinePlace {
  readonly line: number;
  readonly file: string | null;
}

export const jsonlNoRows = (droppedRowCount: number) =>
  refusal(
    'jsonl_no_rows',
    droppedRowCount === 0
      ? 'The file has no rows. Put one JSON object on each line.'
      : `No row is left: all ${droppedRowCount} objects have no value at all.`,
  );

export const jsonlLineInvalid = (place: LinePlace, reason: string) =>
  refusal(
    'jsonl_line_invalid',
    `${at(place)} is no JSON object: ${reason}. Put one whole JSON object on each line.`,
  );

export const jsonlLineTooLong = (place: LinePlace, limitBytes: number) =>
  refusal('jsonl_line_too_long', `${at(place)} is longer than ${limitBytes} bytes.`);

export const jsonlNotUtf8 = (place: LinePlace) =>
  refusal('jsonl_not_utf8', `${at(place)} is not UTF-8 text. Save the file as UTF-8 and upload it again.`);

export const jsonlTextInvalid = (place: LinePlace, key: string) =>
  refusal(
    'jsonl_text_invalid',
    `${at(place)} has a text that no file can hold, with a NUL or half a character, at ${JSON.stringify(key)}.`,
  );

export const jsonlDuplicateKey = (place: LinePlace, key: string) =>
  refusal(
    'jsonl_duplicate_key',
    `${at(place)} has the key ${JSON.stringify(key)} twice. Give each key once.`,
  );

function at({ line, file }: LinePlace): string {
  return file === null ? `Line ${line}` : `Line ${line} of ${JSON.stringify(file)}`;
}
