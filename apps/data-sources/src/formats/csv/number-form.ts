import { quoteText } from '../../tables/sql.js';

/** How numbers are written in a file. */
export interface NumberForm {
  readonly decimal: '.' | ',';
  /** Between groups of three digits; undefined for none. */
  readonly thousands: string | undefined;
}

/** Whether numbers are written as everybody reads them. */
export function isPlainForm({ decimal, thousands }: NumberForm): boolean {
  return decimal === '.' && thousands === undefined;
}

/**
 * A text expression with its numbers in the plain form; what is no number in this form is not one afterwards either. Groups
 * have three digits: `1,23` is no number with thousands, so that a decimal comma is never mistaken for one.
 */
export function plainNumber(value: string, { decimal, thousands }: NumberForm): string {
  const point = decimal === '.' ? '\\.' : ',';
  const exponent = '([eE][+-]?[0-9]+)?';
  const plain = `[+-]?([0-9]+(${point}[0-9]*)?|${point}[0-9]+)${exponent}`;
  const cases = [`WHEN regexp_full_match(${value}, ${quoteText(plain)}) THEN ${pointed(value, decimal)}`];
  if (thousands !== undefined) {
    const grouped = `[+-]?[0-9]{1,3}(\\x{${thousands.charCodeAt(0).toString(16)}}[0-9]{3})+(${point}[0-9]*)?`;
    const joined = pointed(`replace(${value}, ${quoteText(thousands)}, '')`, decimal);
    cases.unshift(`WHEN regexp_full_match(${value}, ${quoteText(grouped)}) THEN ${joined}`);
  }
  // With a blank before it, a number is text to whoever looks at it next.
  cases.push(`WHEN TRY_CAST(${value} AS DOUBLE) IS NOT NULL AND isfinite(TRY_CAST(${value} AS DOUBLE))
    THEN concat(' ', ${value})`);
  return `CASE ${cases.join(' ')} ELSE ${value} END`;
}

function pointed(value: string, decimal: '.' | ','): string {
  return decimal === '.' ? value : `replace(${value}, ',', '.')`;
}
