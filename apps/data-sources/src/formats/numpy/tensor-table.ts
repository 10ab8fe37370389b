import { BIGINT, BOOLEAN, DOUBLE, DuckDBDataChunk, DuckDBListValue, LIST, VARCHAR } from '@duckdb/node-api';
import type { DuckDBType, DuckDBValue } from '@duckdb/node-api';
import { quoteName } from '../../tables/sql.js';
import type { ColumnKind } from '../../tables/table.js';
import { checkColumnNames } from '../column-names.js';
import { asDescribed } from '../described-columns.js';
import type { FormatInput, TableColumn, TableSource } from '../format.js';
import { PART_ROWS, TableParts } from '../table-parts.js';
import type { ElementValue } from './element-types.js';
import type { NpyArray } from './npy-array.js';
import { npyValueRefused } from './numpy.errors.js';

/** Elements that are held in memory at a time. */
const CELLS_PER_CHUNK = 1024 * 1024;
const LARGEST_BIGINT = 2n ** 63n - 1n;
const BYTES_PER_CELL = 8;

/**
 * A table of arrays of one length: `index` is the number of the item on the first axis; each array is a column of single
 * values when it has one axis, else of lists, which are its items in row-major order.
 */
export async function tensorTable(
  arrays: readonly NpyArray[],
  { connection, recipe, folder, signal }: Omit<FormatInput, 'files'>,
): Promise<TableSource> {
  checkColumnNames(['index', ...arrays.map(({ name }) => name)]);
  const rowCount = arrays[0]?.header.rowCount ?? 0;
  const types = [BIGINT, ...arrays.map(storedType)];
  const names = ['index', ...arrays.map(({ name }) => name)];
  const definition = names.map((name, index) => `${quoteName(name)} ${String(types[index])}`);
  const parts = new TableParts(connection, folder, definition.join(', '));
  const rowCells = arrays.reduce((sum, { header }) => sum + header.itemCells, 1);
  const step = Math.max(1, Math.min(PART_ROWS, Math.floor(CELLS_PER_CHUNK / rowCells)));
  for (let start = 0; start < rowCount; start += step) {
    signal.throwIfAborted();
    const count = Math.min(step, rowCount - start);
    const chunk = await chunkOf(arrays, types, start, count);
    await parts.add(count, count * rowCells * BYTES_PER_CELL, (appender) => appender.appendDataChunk(chunk));
  }
  const table: TableSource = {
    kind: 'tensors',
    query: `SELECT ${names.map(quoteName).join(', ')} FROM ${await parts.source()}`,
    columns: [{ name: 'index', kind: 'BIGINT' }, ...arrays.map(columnOf)],
    rowCount,
    droppedRowCount: 0,
  };
  return asDescribed(connection, table, recipe);
}

async function chunkOf(
  arrays: readonly NpyArray[],
  types: readonly DuckDBType[],
  start: number,
  count: number,
): Promise<DuckDBDataChunk> {
  const chunk = DuckDBDataChunk.create(types, count);
  chunk.setColumnValues(
    0,
    Array.from({ length: count }, (_, index) => BigInt(start + index)),
  );
  for (const [index, array] of arrays.entries()) {
    const values = await array.read(start, count);
    chunk.setColumnValues(index + 1, isScalar(array) ? scalars(array, values, start) : lists(array, values));
  }
  return chunk;
}

function lists({ header }: NpyArray, values: readonly ElementValue[]): DuckDBValue[] {
  const items: DuckDBValue[] = [];
  for (let at = 0; at < values.length; at += header.itemCells) {
    items.push(new DuckDBListValue(values.slice(at, at + header.itemCells)));
  }
  return items;
}

/** Integers are 64 bits wide and floats double, as in every table; NaN is no value there. */
function scalars(array: NpyArray, values: readonly ElementValue[], start: number): DuckDBValue[] {
  const kind = scalarKind(array);
  if (kind === 'DOUBLE') return values.map((value) => (Number.isNaN(value) ? null : value));
  if (kind !== 'BIGINT') return [...values];
  return values.map((value, index) => {
    const integer = BigInt(value as number | bigint);
    if (integer > LARGEST_BIGINT) {
      throw npyValueRefused(array.name, start + index, `${integer} does not fit a signed integer of 64 bits`);
    }
    return integer;
  });
}

function columnOf(array: NpyArray): TableColumn {
  const { name, header } = array;
  const tensor = { datatype: header.type.datatype, shape: header.itemShape };
  return { name, kind: isScalar(array) ? scalarKind(array) : 'LIST', tensor };
}

function isScalar({ header }: NpyArray): boolean {
  return header.itemShape.length === 0;
}

function scalarKind({ header }: NpyArray): ColumnKind {
  const { datatype } = header.type;
  if (datatype === 'BOOL') return 'BOOLEAN';
  if (datatype === 'BYTES') return 'VARCHAR';
  return datatype.startsWith('FP') ? 'DOUBLE' : 'BIGINT';
}

function storedType(array: NpyArray): DuckDBType {
  if (!isScalar(array)) return LIST(array.header.type.stored);
  switch (scalarKind(array)) {
    case 'BOOLEAN':
      return BOOLEAN;
    case 'VARCHAR':
      return VARCHAR;
    case 'DOUBLE':
      return DOUBLE;
    default:
      return BIGINT;
  }
}
