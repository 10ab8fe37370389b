import { parse } from 'postgres-array';
import { quoteName } from '../../tables/sql.js';

/** How the values of one type of column go from the server's text to a Parquet column. */
export interface Codec {
  /** The text to keep. */
  encode(value: string): string;
  /** Whether the value is one of those that the Parquet type knows. */
  fits(value: string): boolean;
  /** From that text, by SQL. */
  stored(column: string): string;
  /** When a value did not fit. */
  storedOtherwise(column: string): string;
}

// Object identifiers of built-in types, which never change: pg_type.dat of PostgreSQL.
const BOOL = 16;
const BYTEA = 17;
const INTEGERS: ReadonlySet<number> = new Set([20, 21, 23, 26]);
const FLOATS: ReadonlySet<number> = new Set([700, 701]);
const DATE = 1082;
const TIMESTAMP = 1114;
const TIMESTAMPTZ = 1184;
const NUMERIC = 1700;
const JSON_TYPES: ReadonlySet<number> = new Set([114, 3802]);

const PLAIN_DATE = /^\d{4}-\d\d-\d\d$/;
const PLAIN_TIMESTAMP = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?(\+00)?$/;
const JSON_NUMBER = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i;

const asText = (column: string): string => column;
const always = (): boolean => true;
const same = (value: string): string => value;

function codec(part: Partial<Codec>): Codec {
  return { encode: same, fits: always, stored: asText, storedOtherwise: asText, ...part };
}

const cast = (type: string) => (column: string) => `CAST(${column} AS ${type})`;

const TEXT = codec({});
const BOOLEAN_CODEC = codec({ stored: (column) => `(${column} = 't')` });
const DOUBLE_CODEC = codec({ stored: cast('DOUBLE') });
const BIGINT_CODEC = codec({ stored: cast('BIGINT') });
const BASE64 = codec({ encode: base64 });
// Years beyond 9999, years before Christ and infinity stay text, and with them the whole column.
const DATE_CODEC = codec({ fits: (value) => PLAIN_DATE.test(value), stored: cast('DATE') });
const TIMESTAMP_CODEC = codec({
  fits: (value) => PLAIN_TIMESTAMP.test(value),
  stored: (column) => `CAST(replace(${column}, '+00', '') AS TIMESTAMP)`,
});

/** The codec of a column by its type, the type's modifier, and of an array the type of its elements. */
export function codecOf(type: number, modifier: number, elementType: number | undefined): Codec {
  if (elementType !== undefined) return codec({ encode: (value) => jsonArray(value, elementType) });
  if (INTEGERS.has(type)) return BIGINT_CODEC;
  if (FLOATS.has(type)) return DOUBLE_CODEC;
  return OTHERS.get(type)?.(modifier) ?? TEXT;
}

const OTHERS: ReadonlyMap<number, (modifier: number) => Codec> = new Map([
  [BOOL, () => BOOLEAN_CODEC],
  [BYTEA, () => BASE64],
  [DATE, () => DATE_CODEC],
  [TIMESTAMP, () => TIMESTAMP_CODEC],
  [TIMESTAMPTZ, () => TIMESTAMP_CODEC],
  [NUMERIC, numericCodec],
]);

/** Exact when the column says how many digits it has and Parquet has room for them; else a double. */
function numericCodec(modifier: number): Codec {
  const precision = ((modifier - 4) >> 16) & 0xffff;
  const scale = (modifier - 4) & 0x7ff;
  if (modifier < 4 || precision > 38 || scale > precision) return DOUBLE_CODEC;
  return codec({
    // NaN and infinity are numerics, too.
    fits: (value) => JSON_NUMBER.test(value),
    stored: cast(`DECIMAL(${precision}, ${scale})`),
    storedOtherwise: cast('DOUBLE'),
  });
}

function base64(hex: string): string {
  return Buffer.from(hex.slice(2), 'hex').toString('base64');
}

type Nested = string | null | readonly Nested[];

/** An array as JSON; what is none (a vector of the catalogues) stays as it is. */
function jsonArray(text: string, elementType: number): string {
  if (!/^[{[]/.test(text)) return text;
  return jsonText(parse(text, (element) => jsonLiteral(element, elementType)));
}

function jsonText(value: Nested): string {
  if (value === null) return 'null';
  return typeof value === 'string' ? value : `[${value.map(jsonText).join(',')}]`;
}

function jsonLiteral(element: string, type: number): string {
  if (type === BOOL) return element === 't' ? 'true' : 'false';
  const isNumber = INTEGERS.has(type) || FLOATS.has(type) || type === NUMERIC;
  if ((isNumber && JSON_NUMBER.test(element)) || JSON_TYPES.has(type)) return element;
  return JSON.stringify(type === BYTEA ? base64(element) : element);
}

/** A column of the source under its name. */
export function storedAs(name: string, expression: string): string {
  return `${expression} AS ${quoteName(name)}`;
}
