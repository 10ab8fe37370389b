import { preparedColumns } from '@aimass/platform-model-files';
import type { ColumnContent, Operation, PreparedColumn, Preprocessing } from '@aimass/platform-model-files';
import { quoteName } from '../tables/sql.js';
import { literalFor } from './literals.js';
import { isMissing } from './typed-column.js';

/** The columns of a part as a SELECT list over the raw columns of `data`. */
export function preparedList(preprocessing: Preprocessing, types: ReadonlyMap<string, string>): string {
  return preparedColumns(preprocessing)
    .map((column) => `${preparedValue(column, types)} AS ${quoteName(column.name)}`)
    .join(', ');
}

/**
 * A prepared column as SQL over `data`. Numbers are DOUBLE from the first operation on: the same operations in the same
 * order as in serving, each rounded once, so that both come to the same bits.
 */
export function preparedValue(
  { source, content, operations }: PreparedColumn,
  types: ReadonlyMap<string, string>,
): string {
  const raw = `data.${quoteName(source.name)}`;
  if (operations.length === 0) return raw;
  let type = WORKING_TYPES[source.content] ?? types.get(source.name) ?? 'VARCHAR';
  let value = `CAST(${raw} AS ${type})`;
  for (const operation of operations) {
    value = operate(value, type, operation);
    if (operation.op !== 'fill') type = 'DOUBLE';
  }
  return content === 'boolean' ? `CAST(${value} AS BOOLEAN)` : value;
}

/** Booleans are compared as text, as serving does. */
const WORKING_TYPES: Readonly<Partial<Record<ColumnContent, string>>> = {
  number: 'DOUBLE',
  text: 'VARCHAR',
  boolean: 'VARCHAR',
};

function operate(value: string, type: string, operation: Operation): string {
  if (operation.op === 'fill') {
    return `CASE WHEN ${isMissing(value, type)} THEN ${literal(type, operation.value)} ELSE ${value} END`;
  }
  if (operation.op === 'equals') {
    return `CASE WHEN ${value} = ${literal(type, operation.category)} THEN 1::DOUBLE ELSE 0::DOUBLE END`;
  }
  return `((${value} - ${literal('DOUBLE', operation.mean)}) / ${literal('DOUBLE', operation.scale)})`;
}

/** Fitted values were checked when they were fitted. */
function literal(type: string, value: number | string): string {
  const sql = literalFor(type, value);
  if (sql === undefined) throw new Error(`${JSON.stringify(value)} is no ${type}`);
  return sql;
}
