/** Far more than a name or a number has, far less than an answer should repeat. */
const LONGEST = 80;

/** A caller's value for a message: text quoted and cut to a readable length, arrays and objects by kind only. */
export function quoted(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value === 'bigint') return String(value);
  const isLong = typeof value === 'string' && value.length > LONGEST;
  return JSON.stringify(isLong ? `${value.slice(0, LONGEST - 3)}...` : value);
}

/** Whether a parsed JSON value is an object with keys. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
