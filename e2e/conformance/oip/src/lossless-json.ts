/** Any JSON value; integers of 16 digits and more are bigints, so that 64 bits survive. */
export type JsonValue = null | boolean | number | bigint | string | JsonValue[] | JsonObject;

/** A JSON object. */
export interface JsonObject {
  [name: string]: JsonValue | undefined;
}

/** Marks a long integer while JSON.parse and JSON.stringify, which know numbers only, hold it as text. */
const MARK = '\uFFFFint:';
const STRING_OR_LONG_INTEGER = /"(?:[^"\\]|\\.)*"|(?<![\d.eE+-])-?\d{16,}(?![\d.eE])/gsu;
const MARKED = /"\uFFFFint:(-?\d+)"/gu;

/** Parses JSON without losing digits of long integers. Throws a SyntaxError when the text is no JSON. */
export function parseJson(text: string): JsonValue {
  const marked = text.replace(STRING_OR_LONG_INTEGER, (token) =>
    token.startsWith('"') ? token : `"${MARK}${token}"`,
  );
  return JSON.parse(marked, (_, value: JsonValue) =>
    typeof value === 'string' && value.startsWith(MARK) ? BigInt(value.slice(MARK.length)) : value,
  ) as JsonValue;
}

/** The reverse. */
export function writeJson(value: JsonValue): string {
  const text = JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'bigint' ? `${MARK}${part}` : part,
  );
  return text.replace(MARKED, '$1');
}

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
