import type { DuckDBConnection } from '@duckdb/node-api';
import type { TableColumn, TableSource } from '../formats/format.js';
import { fittedSteps, rowTransforms } from '../recipes/recipe.js';
import type { Recipe, Transform } from '../recipes/recipe.js';
import type { ColumnKind } from '../tables/table.js';
import { assertFittable } from './fittable.js';
import { transformRows } from './row-transforms.js';
import { columnsOf } from './typed-column.js';
import type { TypedColumn } from './typed-column.js';

/**
 * A table after the row-wise steps of a recipe. Throws when a step does not fit the columns it finds, also for the steps
 * that are fitted only when a split is made.
 */
export async function transformTable(
  connection: DuckDBConnection,
  source: TableSource,
  recipe: Recipe,
): Promise<TableSource> {
  const steps = rowTransforms(recipe);
  const table = steps.length === 0 ? source : await afterSteps(connection, source, steps);
  const fitted = fittedSteps(recipe);
  if (fitted.length > 0) {
    assertFittable(await columnsOf(connection, `(${table.query})`), fitted, recipe.target);
  }
  return table;
}

async function afterSteps(
  connection: DuckDBConnection,
  source: TableSource,
  steps: readonly Transform[],
): Promise<TableSource> {
  const relation = `(${source.query})`;
  const before = await columnsOf(connection, relation);
  const { query, columns } = await transformRows(connection, { relation, columns: before }, steps);
  const kept = columns.map((column) => toTableColumn(column, source.columns));
  const isSameLayout = JSON.stringify(kept) === JSON.stringify(source.columns);
  return {
    droppedRowCount: source.droppedRowCount,
    // What has other columns than images or tensors have is a plain table.
    kind: isSameLayout ? source.kind : 'table',
    query,
    columns: kept,
    rowCount: steps.some((step) => 'filter' in step) ? null : source.rowCount,
  };
}

/** A column that no step has touched keeps what its format knows of it. */
function toTableColumn({ name, type }: TypedColumn, known: readonly TableColumn[]): TableColumn {
  const same = known.find((column) => column.name === name && column.kind === kindOfType(type));
  return same ?? { name, kind: kindOfType(type) };
}

function kindOfType(type: string): ColumnKind {
  return type.endsWith(']') ? 'LIST' : (type as ColumnKind);
}
