import {
  Binary,
  Bool,
  DateDay,
  Field,
  Float32,
  Float64,
  Int32,
  Int64,
  List,
  makeData,
  TimestampMicrosecond,
  Utf8,
} from 'apache-arrow';
import type { Data, DataType } from 'apache-arrow';
import { DuckDBBlobValue, DuckDBListValue } from '@duckdb/node-api';
import type { DuckDBValue } from '@duckdb/node-api';
import { quoteName } from '../tables/sql.js';
import type { StoredColumn } from './table-columns.js';

/** How a column goes into an Arrow stream. */
export interface ArrowColumn {
  readonly field: Field;
  /** SQL of its values, in the form that `toData` takes. */
  readonly value: string;
  toData(values: readonly DuckDBValue[]): Data;
}

type Numbers = Float64Array | Float32Array | Int32Array | BigInt64Array;

/** The Arrow form of a column: its own type, times in UTC, and text for what Arrow has no type for. */
export function arrowColumn({ name, type }: StoredColumn): ArrowColumn {
  const column = quoteName(name);
  if (type === 'DATE') {
    const days = `CAST(${column} - DATE '1970-01-01' AS INTEGER)`;
    return fixed(name, new DateDay(), { value: days, make: (size) => new Int32Array(size) });
  }
  if (type.startsWith('TIMESTAMP')) {
    const microseconds = `epoch_us(CAST(${column} AS TIMESTAMP))`;
    return fixed(name, new TimestampMicrosecond(), {
      value: microseconds,
      make: (size) => new BigInt64Array(size),
    });
  }
  const element = /^(\w+)\[\d*\]$/.exec(type)?.[1];
  if (element !== undefined) return list(name, column, element);
  const number = numberType(type);
  if (number)
    return fixed(name, number.type, { value: `CAST(${column} AS ${number.sql})`, make: number.make });
  if (type === 'BOOLEAN') return booleans(name, column);
  if (type === 'BLOB') return bytes(name, new Binary(), column);
  return bytes(name, new Utf8(), `CAST(${column} AS VARCHAR)`);
}

interface NumberType {
  readonly type: DataType;
  readonly sql: string;
  readonly make: (size: number) => Numbers;
}

function numberType(type: string): NumberType | null {
  if (type === 'DOUBLE' || type.startsWith('DECIMAL') || /^U?HUGEINT$|^UBIGINT$/.test(type)) {
    return { type: new Float64(), sql: 'DOUBLE', make: (size) => new Float64Array(size) };
  }
  if (type === 'FLOAT') return { type: new Float32(), sql: 'FLOAT', make: (size) => new Float32Array(size) };
  if (/^(BIGINT|UINTEGER)$/.test(type)) {
    return { type: new Int64(), sql: 'BIGINT', make: (size) => new BigInt64Array(size) };
  }
  if (/^(INTEGER|U?SMALLINT|U?TINYINT)$/.test(type)) {
    return { type: new Int32(), sql: 'INTEGER', make: (size) => new Int32Array(size) };
  }
  return null;
}

function fixed(
  name: string,
  type: DataType,
  { value, make }: { value: string; make: (size: number) => Numbers },
): ArrowColumn {
  return {
    field: new Field(name, type, true),
    value,
    toData: (values) => {
      const data = make(values.length);
      const validity = validityOf(values, (index, one) => {
        data[index] = one as number & bigint;
      });
      return makeData({ type, length: values.length, data, ...validity } as never);
    },
  };
}

function booleans(name: string, value: string): ArrowColumn {
  const type = new Bool();
  return {
    field: new Field(name, type, true),
    value,
    toData: (values) => {
      const data = new Uint8Array(Math.ceil(values.length / 8));
      const validity = validityOf(values, (index, one) => {
        if (one === true) setBit(data, index);
      });
      return makeData({ type, length: values.length, data, ...validity });
    },
  };
}

/** Text and files. */
function bytes(name: string, type: Utf8 | Binary, value: string): ArrowColumn {
  return {
    field: new Field(name, type, true),
    value,
    toData: (values) => {
      const parts: Uint8Array[] = [];
      const valueOffsets = new Int32Array(values.length + 1);
      let end = 0;
      const validity = validityOf(values, (index, one) => {
        const part = one instanceof DuckDBBlobValue ? one.bytes : Buffer.from(String(one));
        parts.push(part);
        end += part.length;
        valueOffsets[index + 1] = end;
      });
      carryOn(valueOffsets);
      return makeData({
        type,
        length: values.length,
        data: Buffer.concat(parts),
        valueOffsets,
        ...validity,
      } as never);
    },
  };
}

function list(name: string, column: string, element: string): ArrowColumn {
  const number = numberType(element) ?? numberType('DOUBLE');
  if (!number) throw new Error(`no Arrow type for a list of ${element}`);
  const item = fixed('item', number.type, { value: '', make: number.make });
  const type = new List(item.field);
  return {
    field: new Field(name, type, true),
    value: `CAST(${column} AS ${number.sql}[])`,
    toData: (values) => {
      const items: DuckDBValue[] = [];
      const valueOffsets = new Int32Array(values.length + 1);
      const validity = validityOf(values, (index, one) => {
        if (one instanceof DuckDBListValue) for (const value of one.items) items.push(value);
        valueOffsets[index + 1] = items.length;
      });
      carryOn(valueOffsets);
      return makeData({
        type,
        length: values.length,
        valueOffsets,
        child: item.toData(items),
        ...validity,
      } as never);
    },
  };
}

/** Visits the values that are there and marks them in a bitmap. */
function validityOf(
  values: readonly DuckDBValue[],
  visit: (index: number, value: DuckDBValue) => void,
): { nullCount: number; nullBitmap: Uint8Array } {
  const nullBitmap = new Uint8Array(Math.ceil(values.length / 8));
  let nullCount = 0;
  for (let index = 0; index < values.length; index++) {
    const value = values[index] ?? null;
    if (value === null) nullCount++;
    else {
      setBit(nullBitmap, index);
      visit(index, value);
    }
  }
  return { nullCount, nullBitmap };
}

/** A missing value ends where the one before it ended. */
function carryOn(offsets: Int32Array): void {
  for (let index = 1; index < offsets.length; index++) {
    offsets[index] = Math.max(offsets[index] ?? 0, offsets[index - 1] ?? 0);
  }
}

function setBit(bits: Uint8Array, index: number): void {
  bits[index >> 3] = (bits[index >> 3] ?? 0) | (1 << (index & 7));
}
