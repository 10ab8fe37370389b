import type { FilterCondition, FilterExpression, Scalar } from '@aimass/contracts';
import { EXPECTED, literalFor } from './literals.js';
import { quoted, transformInvalid } from './transforms.errors.js';
import { isMissing, kindOf } from './typed-column.js';

/** A column as conditions see it. */
export interface FilterColumn {
  readonly type: string;
  /** SQL of its value. */
  readonly value: string;
}

/** Finds a column by its name; throws when there is none. */
export type FindColumn = (name: string, path: string) => FilterColumn;

/**
 * A filter as an SQL condition that is true or false for every row, never NULL: a missing value meets no condition but
 * `isNull`, and `not` turns the answer around. Throws `transform_invalid` when a value does not go with its column.
 */
export function filterSql(expression: FilterExpression, find: FindColumn, path: string): string {
  if ('and' in expression) return joined(expression.and, ' AND ', find, `${path}.and`);
  if ('or' in expression) return joined(expression.or, ' OR ', find, `${path}.or`);
  if ('not' in expression) return `(NOT ${filterSql(expression.not, find, `${path}.not`)})`;
  const column = find(expression.column, `${path}.column`);
  const missing = isMissing(column.value, column.type);
  if (!isComparison(expression)) return expression.op === 'isNull' ? missing : `(NOT ${missing})`;
  return `coalesce(NOT ${missing} AND ${comparison(expression, column, path)}, false)`;
}

type Comparison = Exclude<FilterCondition, { op: 'isNull' | 'isNotNull' }>;
type Search = Extract<FilterCondition, { op: keyof typeof SEARCHES }>;

function joined(parts: readonly FilterExpression[], by: string, find: FindColumn, path: string): string {
  return `(${parts.map((part, index) => filterSql(part, find, `${path}.${index}`)).join(by)})`;
}

function comparison(condition: Comparison, column: FilterColumn, path: string): string {
  const { value } = column;
  if ('values' in condition) {
    const literals = condition.values.map((each, index) =>
      literal(column, each, `${path}.values.${index}`, condition.column),
    );
    return `${value} ${condition.op === 'in' ? 'IN' : 'NOT IN'} (${literals.join(', ')})`;
  }
  if (isSearch(condition)) return textSearch(condition, column, path);
  const operator = SQL_OPERATORS[condition.op];
  return `${value} ${operator} ${literal(column, condition.value, `${path}.value`, condition.column)}`;
}

function isComparison(condition: FilterCondition): condition is Comparison {
  return condition.op !== 'isNull' && condition.op !== 'isNotNull';
}

function isSearch(condition: Comparison): condition is Search {
  return condition.op in SEARCHES;
}

const SQL_OPERATORS = { '=': '=', '!=': '<>', '<': '<', '<=': '<=', '>': '>', '>=': '>=' } as const;
const SEARCHES = { contains: 'contains', startsWith: 'starts_with', endsWith: 'ends_with' } as const;

function textSearch(condition: Search, { type, value }: FilterColumn, path: string): string {
  if (kindOf(type) !== 'text') {
    throw transformInvalid(
      `${path}.op`,
      `"${condition.op}" needs a text, but column ${quoted(condition.column)} is ${type}.`,
    );
  }
  const sought = literal({ type, value }, condition.value, `${path}.value`, condition.column);
  return `${SEARCHES[condition.op]}(${value}, ${sought})`;
}

function literal({ type }: FilterColumn, value: Scalar, path: string, name: string): string {
  const sql = literalFor(type, value);
  if (sql !== undefined) return sql;
  throw transformInvalid(
    path,
    `Column ${quoted(name)} is ${type}: it takes ${EXPECTED[kindOf(type)]}, not ${quoted(String(value))}.`,
  );
}
