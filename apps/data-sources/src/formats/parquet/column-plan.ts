import { DuckDBArrayType, DuckDBDecimalType, DuckDBListType, DuckDBTypeId } from '@duckdb/node-api';
import type { DuckDBType } from '@duckdb/node-api';
import { quoteName } from '../../tables/sql.js';
import type { ColumnKind } from '../../tables/table.js';
import type { TableColumn } from '../format.js';
import { parquetTypeUnsupported } from './parquet.errors.js';

/** How a column of the file becomes a column of the table. */
export interface PlannedColumn extends TableColumn {
  /** SQL over the columns of the file. */
  readonly value: string;
}

/** What must be known of a column's values before its type can be decided. */
export interface ColumnQuestion {
  readonly name: string;
  /** SQL of two aggregates over the column. */
  readonly aggregates: readonly [string, string];
  readonly decide: (first: unknown, second: unknown) => PlannedColumn;
}

const KINDS: readonly (readonly [ColumnKind, readonly DuckDBTypeId[]])[] = [
  ['BOOLEAN', [DuckDBTypeId.BOOLEAN]],
  [
    'BIGINT',
    [
      DuckDBTypeId.TINYINT,
      DuckDBTypeId.SMALLINT,
      DuckDBTypeId.INTEGER,
      DuckDBTypeId.BIGINT,
      DuckDBTypeId.UTINYINT,
      DuckDBTypeId.USMALLINT,
      DuckDBTypeId.UINTEGER,
    ],
  ],
  ['DATE', [DuckDBTypeId.DATE]],
  [
    'TIMESTAMP',
    [DuckDBTypeId.TIMESTAMP, DuckDBTypeId.TIMESTAMP_S, DuckDBTypeId.TIMESTAMP_MS, DuckDBTypeId.TIMESTAMP_NS],
  ],
  [
    'VARCHAR',
    [
      DuckDBTypeId.VARCHAR,
      DuckDBTypeId.ENUM,
      DuckDBTypeId.UUID,
      DuckDBTypeId.TIME,
      DuckDBTypeId.TIME_TZ,
      DuckDBTypeId.TIME_NS,
      DuckDBTypeId.INTERVAL,
    ],
  ],
  ['BLOB', [DuckDBTypeId.BLOB]],
];
const WIDE_INTEGERS = [DuckDBTypeId.UBIGINT, DuckDBTypeId.HUGEINT, DuckDBTypeId.UHUGEINT];
const NESTED = [
  DuckDBTypeId.LIST,
  DuckDBTypeId.ARRAY,
  DuckDBTypeId.STRUCT,
  DuckDBTypeId.MAP,
  DuckDBTypeId.UNION,
];
/** Items of lists that stay lists, as the Open Inference Protocol calls them. */
const DATATYPES: Readonly<Partial<Record<DuckDBTypeId, string>>> = {
  [DuckDBTypeId.BOOLEAN]: 'BOOL',
  [DuckDBTypeId.TINYINT]: 'INT8',
  [DuckDBTypeId.SMALLINT]: 'INT16',
  [DuckDBTypeId.INTEGER]: 'INT32',
  [DuckDBTypeId.BIGINT]: 'INT64',
  [DuckDBTypeId.UTINYINT]: 'UINT8',
  [DuckDBTypeId.USMALLINT]: 'UINT16',
  [DuckDBTypeId.UINTEGER]: 'UINT32',
  [DuckDBTypeId.UBIGINT]: 'UINT64',
  [DuckDBTypeId.FLOAT]: 'FP32',
  [DuckDBTypeId.DOUBLE]: 'FP64',
};
const SMALLEST_BIGINT = -(2n ** 63n);
const LARGEST_BIGINT = 2n ** 63n - 1n;

/** How a column is read, or what to ask its values first. Throws for a type that no table has. */
export function planColumn(name: string, type: DuckDBType): PlannedColumn | ColumnQuestion {
  const column = quoteName(name);
  const { typeId } = type;
  const [kind] = KINDS.find(([, typeIds]) => typeIds.includes(typeId)) ?? [];
  if (kind) return { name, kind, value: `CAST(${column} AS ${kind})` };
  if (typeId === DuckDBTypeId.TIMESTAMP_TZ) {
    return { name, kind: 'TIMESTAMP', value: `make_timestamp(epoch_us(${column}))` };
  }
  if (WIDE_INTEGERS.includes(typeId) || (type instanceof DuckDBDecimalType && type.scale === 0)) {
    return wideInteger(name, column);
  }
  if ([DuckDBTypeId.FLOAT, DuckDBTypeId.DOUBLE, DuckDBTypeId.DECIMAL].includes(typeId)) {
    // NaN is no value, as in every table.
    return {
      name,
      kind: 'DOUBLE',
      value: `CASE WHEN NOT isnan(CAST(${column} AS DOUBLE)) THEN CAST(${column} AS DOUBLE) END`,
    };
  }
  if (!NESTED.includes(typeId)) throw parquetTypeUnsupported(name, String(type));
  return listOfNumbers(name, type) ?? asJson(name, column);
}

/** Integers that do not fit 64 bits are identifiers: rounding them would make different ones equal. */
function wideInteger(name: string, column: string): ColumnQuestion {
  return {
    name,
    aggregates: [`CAST(min(${column}) AS VARCHAR)`, `CAST(max(${column}) AS VARCHAR)`],
    decide: (min, max) => {
      const fits = [min, max].every(
        (text) =>
          typeof text !== 'string' || (BigInt(text) >= SMALLEST_BIGINT && BigInt(text) <= LARGEST_BIGINT),
      );
      const kind = fits ? 'BIGINT' : 'VARCHAR';
      return { name, kind, value: `CAST(${column} AS ${kind})` };
    },
  };
}

/** Lists of numbers stay lists when all are of one length and without gaps: then they are vectors. */
function listOfNumbers(name: string, type: DuckDBType): ColumnQuestion | null {
  if (!(type instanceof DuckDBListType || type instanceof DuckDBArrayType)) return null;
  const datatype = DATATYPES[type.valueType.typeId];
  if (datatype === undefined) return null;
  const column = quoteName(name);
  const list = `CAST(${column} AS ${String(type.valueType)}[])`;
  const length = `CASE WHEN list_count(${list}) = len(${list}) THEN len(${list}) ELSE -1 END`;
  return {
    name,
    aggregates: [
      `CAST(min(coalesce(${length}, -1)) AS VARCHAR)`,
      `CAST(max(coalesce(${length}, -1)) AS VARCHAR)`,
    ],
    decide: (shortest, longest) =>
      shortest === longest && Number(shortest) > 0
        ? { name, kind: 'LIST', value: list, tensor: { datatype, shape: [Number(shortest)] } }
        : asJson(name, column),
  };
}

function asJson(name: string, column: string): PlannedColumn {
  return { name, kind: 'VARCHAR', value: `CAST(to_json(${column}) AS VARCHAR)` };
}
