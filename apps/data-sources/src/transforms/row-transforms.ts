import type { DuckDBConnection } from '@duckdb/node-api';
import type { Transform } from '@aimass/contracts';
import { quoteName } from '../tables/sql.js';
import { castSql, STORED_TYPES } from './cast-sql.js';
import { filterSql } from './filter-sql.js';
import { EXPECTED, literalFor } from './literals.js';
import { castFailed, columnUnknown, quoted, transformInvalid } from './transforms.errors.js';
import { isMissing, kindOf } from './typed-column.js';
import type { TypedColumn } from './typed-column.js';

/** A table as a query: its rows in order, its columns by their names. */
export interface TransformedRows {
  readonly query: string;
  readonly columns: readonly TypedColumn[];
}

/**
 * The table after the row-wise steps of a recipe. `source` is what stands after FROM. Nothing is written; casts are tried
 * on every row. Throws `transform_invalid` for a step that does not fit the columns it finds, and `cast_failed` with the
 * first row (from 1, of the source) that a cast would lose.
 */
export async function transformRows(
  connection: DuckDBConnection,
  source: { readonly relation: string; readonly columns: readonly TypedColumn[] },
  steps: readonly Transform[],
): Promise<TransformedRows> {
  let table = UnderConstruction.of(source.relation, source.columns);
  for (const [index, step] of steps.entries()) {
    const path = `recipe.transforms.${index}`;
    if ('cast' in step) {
      await table.assertCasts(connection, step.cast, `${path}.cast`);
      table = table.cast(step.cast, `${path}.cast`);
    } else table = apply(table, step, path);
  }
  return { query: table.query(), columns: table.columns.map(({ name, type }) => ({ name, type })) };
}

function apply(table: UnderConstruction, step: Transform, path: string): UnderConstruction {
  if ('select' in step) return table.select(step.select, `${path}.select`);
  if ('drop' in step) return table.drop(step.drop, `${path}.drop`);
  if ('rename' in step) return table.rename(step.rename, `${path}.rename`);
  if ('filter' in step) return table.filter(step.filter, `${path}.filter`);
  if ('fill' in step) return table.fill(step.fill, `${path}.fill`);
  throw new Error(`${path} is no step of an import`);
}

/** A column whose values are in the column `id` of the query, so that no name of a user meets one of ours. */
interface Column extends TypedColumn {
  readonly id: string;
}

type StepOf<K extends string> = Extract<Transform, Record<K, unknown>>[K &
  keyof Extract<Transform, Record<K, unknown>>];

/** A query that gives `row_index` and a column for each id, and what those columns are called. */
class UnderConstruction {
  private constructor(
    private readonly relation: string,
    readonly columns: readonly Column[],
  ) {}

  static of(relation: string, source: readonly TypedColumn[]): UnderConstruction {
    const columns = source.map((column, index) => ({ ...column, id: `c${index}` }));
    const values = columns.map(({ name, id }) => `data.${quoteName(name)} AS ${id}`);
    return new UnderConstruction(
      `(SELECT row_number() OVER () AS row_index, ${values.join(', ')} FROM ${relation} AS data)`,
      columns,
    );
  }

  query(): string {
    const values = this.columns.map(({ name, id }) => `${id} AS ${quoteName(name)}`);
    return `SELECT ${values.join(', ')} FROM ${this.relation}`;
  }

  select(names: StepOf<'select'>, path: string): UnderConstruction {
    return this.with(
      names.map((name, index) => this.find(name, `${path}.${index}`)),
      path,
    );
  }

  drop(names: StepOf<'drop'>, path: string): UnderConstruction {
    const dropped = names.map((name, index) => this.find(name, `${path}.${index}`));
    const columns = this.columns.filter((column) => !dropped.includes(column));
    if (columns.length === 0) throw transformInvalid(path, 'This step leaves no column.');
    return this.with(columns, path);
  }

  rename(names: StepOf<'rename'>, path: string): UnderConstruction {
    const renamed = new Map(Object.entries(names).map(([from, to]) => [this.find(from, path), to]));
    const columns = this.columns.map((column) => ({ ...column, name: renamed.get(column) ?? column.name }));
    const bad = columns.find(({ name }) => name.trim() === '' || name.includes('\u0000'));
    if (bad) throw transformInvalid(path, 'A column must not have a blank name, or one with U+0000.');
    return this.with(columns, path);
  }

  filter(expression: StepOf<'filter'>, path: string): UnderConstruction {
    const find = (name: string, place: string) => {
      const { type, id } = this.find(name, place);
      return { type, value: id };
    };
    const condition = filterSql(expression, find, path);
    return new UnderConstruction(`(SELECT * FROM ${this.relation} WHERE ${condition})`, this.columns);
  }

  fill(values: StepOf<'fill'>, path: string): UnderConstruction {
    const changes = Object.entries(values).map(([name, given]) => {
      const column = this.find(name, path);
      const value = typeof given === 'object' ? given.value : given;
      const literal = literalFor(column.type, value);
      if (literal === undefined || (kindOf(column.type) === 'integer' && !isWhole(value))) {
        const expected = EXPECTED[kindOf(column.type)];
        const message = `Column ${quoted(name)} is ${column.type}: it takes ${expected}, not ${quoted(String(value))}.`;
        throw transformInvalid(`${path}.${name}`, message);
      }
      const { id, type } = column;
      return {
        column,
        type,
        value: `CASE WHEN ${isMissing(id, type)} THEN CAST(${literal} AS ${type}) ELSE ${id} END`,
      };
    });
    return this.changed(changes);
  }

  cast(types: StepOf<'cast'>, path: string): UnderConstruction {
    return this.changed(
      this.casts(types, path).map(({ column, value, target }) => ({
        column,
        value,
        type: STORED_TYPES[target],
      })),
    );
  }

  /**
   * Throws `cast_failed` with the first row of the source whose value a cast would lose. One look at the rows for all
   * columns, and a second one only to say what is wrong.
   */
  async assertCasts(connection: DuckDBConnection, types: StepOf<'cast'>, path: string): Promise<void> {
    const casts = this.casts(types, path).map((cast) => ({
      ...cast,
      isLost: `(NOT ${isMissing(cast.column.id, cast.column.type)} AND (${cast.value}) IS NULL)`,
    }));
    const firsts = casts.map(({ isLost }) => `min(row_index) FILTER (${isLost})`);
    const reader = await connection.runAndReadAll(`SELECT ${firsts.join(', ')} FROM ${this.relation}`);
    const rows = (reader.getRows()[0] ?? []).map((row) => (row === null ? Infinity : Number(row)));
    const row = Math.min(...rows);
    const cast = casts[rows.indexOf(row)];
    if (row === Infinity || !cast) return;
    const { column, target } = cast;
    const found = await connection.runAndReadAll(
      `SELECT CAST(${column.id} AS VARCHAR) FROM ${this.relation} WHERE row_index = ${row}`,
    );
    throw castFailed(`${path}.${column.name}`, {
      column: column.name,
      type: target,
      row: String(row),
      value: String(found.getRows()[0]?.[0]),
    });
  }

  private casts(types: StepOf<'cast'>, path: string) {
    return Object.entries(types).map(([name, target]) => {
      const column = this.find(name, path);
      const sql = castSql(column.id, column.type, target);
      if (sql === undefined) {
        throw transformInvalid(
          `${path}.${name}`,
          `Column ${quoted(name)} is ${column.type}, which cannot be made ${target}.`,
        );
      }
      const value = `CASE WHEN NOT ${isMissing(column.id, column.type)} THEN ${sql} END`;
      return { column, target, value };
    });
  }

  private changed(
    changes: readonly { readonly column: Column; readonly value: string; readonly type: string }[],
  ): UnderConstruction {
    const byColumn = new Map(changes.map((change) => [change.column, change]));
    const values = changes.map(({ column, value }) => `${value} AS ${column.id}`);
    const columns = this.columns.map((column) => ({
      ...column,
      type: byColumn.get(column)?.type ?? column.type,
    }));
    return new UnderConstruction(`(SELECT * REPLACE (${values.join(', ')}) FROM ${this.relation})`, columns);
  }

  private with(columns: readonly Column[], path: string): UnderConstruction {
    const seen = new Set<string>();
    for (const { name } of columns) {
      const key = name.toLowerCase();
      if (seen.has(key)) {
        throw transformInvalid(
          path,
          `This step makes two columns ${quoted(name)}; upper and lower case count as the same.`,
        );
      }
      seen.add(key);
    }
    return new UnderConstruction(this.relation, columns);
  }

  private find(name: string, path: string): Column {
    const column = this.columns.find((each) => each.name === name);
    if (column) return column;
    throw columnUnknown(
      path,
      name,
      this.columns.map((each) => each.name),
    );
  }
}

function isWhole(value: unknown): boolean {
  return typeof value === 'string' || Number.isInteger(value);
}
