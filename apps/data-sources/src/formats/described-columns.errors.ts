import { DomainError } from '@aimass/platform-errors';
import { shown } from '../archives/archives.errors.js';
import type { TableColumn } from './format.js';

const refusal = (code: string, message: string) =>
  new DomainError('invalid', `data_sources.${code}`, message);

export const columnUnknown = (name: string) =>
  refusal(
    'column_unknown',
    `The recipe describes the column ${shown(name)}, but the data has none of that name. Correct the name; upper and lower case count.`,
  );

export const columnTypeUnsupported = (name: string, kind: string, type: string) =>
  refusal(
    'column_type_unsupported',
    `The recipe wants the column ${shown(name)} as ${type}, but no value of its type, ${kind}, can be that. Correct the recipe.`,
  );

export const columnValueInvalid = (row: string, { name, kind }: TableColumn, value: string) =>
  refusal(
    'column_value_invalid',
    `Row ${row} has ${shown(value)} in column ${shown(name)}, which is not what the recipe wants (${kind}). Correct it, list it under nullValues of the column, or change the type of the column in the recipe.`,
  );
