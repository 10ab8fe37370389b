import { DomainError } from '@aimass/platform-errors';
import { shown } from '../../archives/archives.errors.js';

const refusal = (code: string, message: string, cause?: unknown) =>
  new DomainError('unprocessable', `data_sources.${code}`, message, { cause });

/** A file that is cut, damaged, encrypted, or says something of itself that is not true. */
export const parquetBroken = (file: string, reason: string, cause?: unknown) =>
  refusal(
    'parquet_broken',
    `${shown(file)} is no sound Parquet file: ${reason}. Write it again and upload the whole file.`,
    cause,
  );

export const parquetTypeUnsupported = (column: string, type: string) =>
  refusal(
    'parquet_type_unsupported',
    `The column ${shown(column)} has the type ${shown(type)}, which is not read. Write it as another type or leave it out.`,
  );

export const parquetNoRows = () => refusal('parquet_no_rows', 'The file has no rows. Add at least one row.');

export const parquetColumnRenamed = (name: string) =>
  refusal(
    'column_name_duplicate',
    `Two columns have the name ${shown(name)}; upper and lower case count as the same. Give every column a name of its own.`,
  );

export const parquetSchemasDiffer = (first: string, other: string) =>
  refusal(
    'parquet_schemas_differ',
    `${shown(other)} has other columns than ${shown(first)}. Files that make one dataset have the same columns, in the same order and of the same types.`,
  );
