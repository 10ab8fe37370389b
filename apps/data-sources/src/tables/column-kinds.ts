import type { DuckDBConnection } from '@duckdb/node-api';
import { SEEN } from './seen.js';
import type { ColumnKind } from './table.js';

/** More columns in one query would cost DuckDB more memory than an operation may use. */
const COLUMNS_PER_QUERY = 200;

/** The kind of each of these text expressions over `source`, by all of its values, not by a sample. */
export async function inferKinds(
  connection: DuckDBConnection,
  source: string,
  texts: readonly string[],
): Promise<ColumnKind[]> {
  const kinds: ColumnKind[] = [];
  for (let start = 0; start < texts.length; start += COLUMNS_PER_QUERY) {
    const some = texts.slice(start, start + COLUMNS_PER_QUERY);
    const named = some.map((text, index) => `${text} AS v${index}`);
    const seen = some.map((_, index) => `bit_or(${seenIn(`v${index}`)})`);
    const query = `SELECT ${seen.join(', ')} FROM (SELECT ${named.join(', ')} FROM ${source})`;
    const reader = await connection.runAndReadAll(query);
    kinds.push(...(reader.getRows()[0] ?? []).map((bits) => kindOf(Number(bits))));
  }
  return kinds;
}

/** The type that holds every kind of value that was seen without changing one. */
export function kindOf(seen: number): ColumnKind {
  const isOnly = (...bits: number[]) => seen !== 0 && (seen & ~bits.reduce((all, bit) => all | bit, 0)) === 0;
  if (isOnly(SEEN.integer)) return 'BIGINT';
  // Integers that do not fit 64 bits are identifiers: rounding them would make different ones equal.
  if (isOnly(SEEN.integer, SEEN.longInteger)) return 'VARCHAR';
  // A column of nothing but infinities is a column of words.
  if (seen !== SEEN.infinite && isOnly(SEEN.integer, SEEN.double, SEEN.infinite)) return 'DOUBLE';
  if ((seen & SEEN.double) !== 0 && isOnly(SEEN.integer, SEEN.longInteger, SEEN.double, SEEN.infinite)) {
    return 'DOUBLE';
  }
  if (isOnly(SEEN.boolean)) return 'BOOLEAN';
  if (isOnly(SEEN.date)) return 'DATE';
  if (isOnly(SEEN.date, SEEN.timestamp, SEEN.offset)) return 'TIMESTAMP';
  return 'VARCHAR';
}

/** The value of text column `name` as its kind. Times with an offset become UTC; times without one are taken as UTC. */
export function typedValue(name: string, kind: ColumnKind): string {
  if (kind === 'VARCHAR') return name;
  if (kind === 'TIMESTAMP') return `make_timestamp(epoch_us(CAST(${name} AS TIMESTAMPTZ)))`;
  return `CAST(${name} AS ${kind})`;
}

// DuckDB's casts accept more than we want (1_000, 0x1F, 3.6 as integer 4, "inf"), hence the patterns.
function seenIn(name: string): string {
  return `CASE
    WHEN ${name} IS NULL THEN 0
    WHEN regexp_full_match(${name}, '[+-]?[0-9]+') THEN
      CASE WHEN TRY_CAST(${name} AS BIGINT) IS NULL THEN ${SEEN.longInteger} ELSE ${SEEN.integer} END
    WHEN regexp_full_match(${name}, '[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?')
      AND isfinite(TRY_CAST(${name} AS DOUBLE)) THEN ${SEEN.double}
    WHEN regexp_full_match(${name}, '(?i)[+-]?inf(inity)?') THEN ${SEEN.infinite}
    WHEN lower(${name}) IN ('true', 'false') THEN ${SEEN.boolean}
    WHEN regexp_full_match(${name}, '[0-9]{4}-[0-9]{2}-[0-9]{2}')
      AND TRY_CAST(${name} AS DATE) IS NOT NULL THEN ${SEEN.date}
    WHEN regexp_full_match(${name}, '[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9:.]+(Z|[+-][0-9]{2}(:?[0-9]{2})?)?')
      AND TRY_CAST(${name} AS TIMESTAMPTZ) IS NOT NULL THEN ${SEEN.timestamp}
    ELSE ${SEEN.text} END`;
}
