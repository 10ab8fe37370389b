/** Says what is wrong with a text, as the end of a sentence; null when nothing is. */
export type Check = (text: string) => string | null;

/** A whole number within bounds. */
export function integer(min: number, max: number): Check {
  return (text) => {
    const value = /^[+-]?\d+$/.test(text.trim()) ? Number(text) : Number.NaN;
    if (Number.isNaN(value)) return `must be a whole number, not ${quote(text)}`;
    return value < min || value > max ? `must be between ${min} and ${max}, not ${quote(text)}` : null;
  };
}

/** One of a few words. */
export function oneOf(...words: readonly string[]): Check {
  return (text) => (words.includes(text) ? null : `must be one of ${words.join(', ')}, not ${quote(text)}`);
}

/** Some text. */
export function nonEmpty(text: string): string | null {
  return text === '' ? 'must not be empty' : null;
}

/** Column names, each once. */
export function columnList(text: string): string | null {
  const items = parseList(text);
  if (!items) return `must be names separated by commas or a JSON array of names, not ${quote(text)}`;
  const repeated = items.find((item, index) => items.indexOf(item) !== index);
  return repeated === undefined ? null : `names the column ${quote(repeated)} twice`;
}

/** Numbers above 0, at most `maxLength` of them. */
export function positiveNumbers(maxLength: number): Check {
  return (text) => {
    const items = parseList(text);
    if (!items) return `must be numbers separated by commas or a JSON array of numbers, not ${quote(text)}`;
    const wrong = items.find((item) => !(Number(item) > 0 && Number.isFinite(Number(item))));
    if (wrong !== undefined) return `must hold numbers above 0, not ${quote(wrong)}`;
    return items.length > maxLength ? `must have at most ${maxLength} entries` : null;
  };
}

/** `a, b` or `["a","b"]`; null when it is neither, or has an empty entry or none. */
export function parseList(text: string): string[] | null {
  const trimmed = text.trim();
  const items = trimmed.startsWith('[')
    ? parseJsonList(trimmed)
    : trimmed.split(',').map((item) => item.trim());
  return items && items.length > 0 && items.every((item) => item !== '') ? items : null;
}

function parseJsonList(text: string): string[] | null {
  try {
    const value: unknown = JSON.parse(text);
    const isList = Array.isArray(value) && value.every((item) => ['string', 'number'].includes(typeof item));
    return isList ? value.map(String) : null;
  } catch {
    return null;
  }
}

function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
