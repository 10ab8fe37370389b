import type { RecipeColumnType } from '@aimass/contracts';
import { kindOf } from './typed-column.js';
import type { ValueKind } from './typed-column.js';

/** How DuckDB names the types that a recipe can ask for. */
export const STORED_TYPES: Readonly<Record<RecipeColumnType, string>> = {
  integer: 'BIGINT',
  double: 'DOUBLE',
  boolean: 'BOOLEAN',
  date: 'DATE',
  timestamp: 'TIMESTAMP',
  text: 'VARCHAR',
};

type Caster = (value: string) => string;

const to =
  (type: string): Caster =>
  (value) =>
    `CAST(${value} AS ${type})`;
const matching =
  (pattern: string, cast: Caster): Caster =>
  (value) =>
    `CASE WHEN regexp_full_match(trim(${value}), '${pattern}') THEN ${cast(`trim(${value})`)} END`;
const tryTo =
  (type: string): Caster =>
  (value) =>
    `TRY_CAST(${value} AS ${type})`;

const DAY = '[0-9]{4}-[0-9]{2}-[0-9]{2}';
const zeroOrOne: Caster = (value) => `CASE WHEN ${value} = 1 THEN true WHEN ${value} = 0 THEN false END`;
const utc: Caster = (value) => `make_timestamp(epoch_us(TRY_CAST(${value} AS TIMESTAMPTZ)))`;
const finite: Caster = (value) =>
  `CASE WHEN isfinite(TRY_CAST(${value} AS DOUBLE)) THEN TRY_CAST(${value} AS DOUBLE) END`;

/**
 * From what to what, and how; a pair that is absent makes no sense. DuckDB's own casts accept more than we want (1_000,
 * 0x1F, 3.6 as integer 4), hence the patterns. What cannot be cast without loss becomes NULL.
 */
const CASTERS: Readonly<Record<ValueKind, Partial<Record<RecipeColumnType, Caster>>>> = {
  integer: { integer: tryTo('BIGINT'), double: to('DOUBLE'), boolean: zeroOrOne, text: to('VARCHAR') },
  real: {
    integer: (value) => `CASE WHEN ${value} = trunc(${value}) THEN TRY_CAST(${value} AS BIGINT) END`,
    double: to('DOUBLE'),
    boolean: zeroOrOne,
    text: to('VARCHAR'),
  },
  boolean: { integer: to('BIGINT'), double: to('DOUBLE'), boolean: to('BOOLEAN'), text: to('VARCHAR') },
  text: {
    integer: matching('[+-]?[0-9]+', tryTo('BIGINT')),
    double: matching('[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?', finite),
    boolean: matching('(?i)true|(?i)false', tryTo('BOOLEAN')),
    date: matching(DAY, tryTo('DATE')),
    timestamp: matching(`${DAY}([ T][0-9:.]+(Z|[+-][0-9]{2}(:?[0-9]{2})?)?)?`, utc),
    text: to('VARCHAR'),
  },
  date: { date: to('DATE'), timestamp: to('TIMESTAMP'), text: to('VARCHAR') },
  timestamp: { date: to('DATE'), timestamp: to('TIMESTAMP'), text: to('VARCHAR') },
  other: {},
};

/** SQL of a value as another type, NULL when it cannot be; undefined when no value of this type can. */
export function castSql(value: string, from: string, target: RecipeColumnType): string | undefined {
  return CASTERS[kindOf(from)][target]?.(value);
}
