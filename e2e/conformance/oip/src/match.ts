import { isJsonObject } from './lossless-json.js';
import type { JsonObject, JsonValue } from './lossless-json.js';

/**
 * The first place where `actual` is not what `expected` asks for, in words; undefined when it fits. Objects may hold more
 * than is expected; lists and values must be equal. Texts that start with `$` are matchers.
 */
export function firstDifference(
  expected: JsonValue | undefined,
  actual: JsonValue | undefined,
  path = 'answer',
): string | undefined {
  if (expected === undefined) return undefined;
  if (typeof expected === 'string' && expected.startsWith('$')) return matches(expected, actual, path);
  if (isJsonObject(expected)) return objectDifference(expected, actual, path);
  if (Array.isArray(expected)) return listDifference(expected, actual, path);
  return isSame(expected, actual) ? undefined : `${path} is ${show(actual)} instead of ${show(expected)}`;
}

/** A value as it is put into a message. */
export function show(value: JsonValue | undefined): string {
  if (value === undefined) return 'absent';
  const text = JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? `${part}` : part));
  return text.length > 160 ? `${text.slice(0, 160)}…` : text;
}

const MATCHERS: Readonly<Record<string, (actual: JsonValue | undefined) => boolean>> = {
  $absent: (actual) => actual === undefined || actual === null,
  $present: (actual) => actual !== undefined && actual !== null,
  $string: (actual) => typeof actual === 'string',
  $text: (actual) => typeof actual === 'string' && actual !== '',
  $list: (actual) => Array.isArray(actual),
  $positive: (actual) => (typeof actual === 'string' ? /^[1-9]\d*$/u.test(actual) : Number(actual) > 0),
};

function matches(matcher: string, actual: JsonValue | undefined, path: string): string | undefined {
  const test = MATCHERS[matcher];
  if (test === undefined) throw new Error(`${path}: there is no matcher ${matcher}.`);
  return test(actual) ? undefined : `${path} is ${show(actual)} instead of ${matcher}`;
}

function objectDifference(
  expected: JsonObject,
  actual: JsonValue | undefined,
  path: string,
): string | undefined {
  const { $either: choices, $includes: parts } = expected;
  if (Array.isArray(choices)) return eitherDifference(choices, actual, path);
  if (Array.isArray(parts)) return includesDifference(parts, actual, path);
  if (!isJsonObject(actual)) return `${path} is ${show(actual)} instead of an object`;
  for (const [name, value] of Object.entries(expected)) {
    const difference = firstDifference(value, actual[name], `${path}.${name}`);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function eitherDifference(
  choices: JsonValue[],
  actual: JsonValue | undefined,
  path: string,
): string | undefined {
  const differences = choices.map((choice) => firstDifference(choice, actual, path));
  return differences.includes(undefined) ? undefined : differences[0];
}

/** Every part is somewhere in the list. */
function includesDifference(
  parts: JsonValue[],
  actual: JsonValue | undefined,
  path: string,
): string | undefined {
  if (!Array.isArray(actual)) return `${path} is ${show(actual)} instead of a list`;
  const missing = parts.find((part) =>
    actual.every((item) => firstDifference(part, item, path) !== undefined),
  );
  return missing === undefined ? undefined : `${path} ${show(actual)} does not hold ${show(missing)}`;
}

function listDifference(
  expected: JsonValue[],
  actual: JsonValue | undefined,
  path: string,
): string | undefined {
  if (!Array.isArray(actual)) return `${path} is ${show(actual)} instead of ${show(expected)}`;
  if (actual.length !== expected.length) {
    return `${path} has ${actual.length} elements instead of ${expected.length}: ${show(actual)}`;
  }
  for (let i = 0; i < expected.length; i++) {
    const difference = firstDifference(expected[i], actual[i], `${path}[${i}]`);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

/** Integers exactly, whatever holds them; fractions to the precision of FP32. */
function isSame(expected: JsonValue, actual: JsonValue | undefined): boolean {
  if (expected === actual) return true;
  if (typeof expected === 'bigint' || typeof actual === 'bigint') {
    return isIntegral(expected) && isIntegral(actual) && BigInt(expected) === BigInt(actual);
  }
  if (typeof expected !== 'number' || typeof actual !== 'number' || Number.isSafeInteger(expected))
    return false;
  return Math.abs(expected - actual) <= 1e-6 * Math.max(1, Math.abs(expected));
}

function isIntegral(value: JsonValue | undefined): value is bigint | number {
  return typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value));
}
