import type { Json } from '@duckdb/node-api';
import type { ValueCount } from './spread.js';

/** A scalar of DuckDB, as its client writes it in JSON, as text; a missing one is empty. */
export function textOf(value: Json | undefined): string {
  if (typeof value === 'string') return value;
  return value === null || value === undefined ? '' : JSON.stringify(value);
}

/** A list; empty when it is missing. */
export function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

/** The result of DuckDB's `histogram`: every value and how often it occurs. */
export function frequenciesOf(map: Json | undefined): ValueCount[] {
  return listOf(map).flatMap((entry) => {
    if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return [];
    return [{ value: textOf(entry['key']), count: Number(entry['value']) }];
  });
}
