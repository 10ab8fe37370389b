import type { FieldDef } from 'pg';
import { codecOf } from './column-codecs.js';
import { queryColumnsRefused } from './postgres.errors.js';
import type { PostgresSession } from './postgres-session.js';
import type { SpoolColumn } from './row-spool.js';

/**
 * The columns of a query, each with the way its values are kept. Throws `query_columns_refused` when there are none, or
 * two with the same name, and what `describe` throws.
 */
export async function spoolColumns(session: PostgresSession, query: string): Promise<SpoolColumn[]> {
  const fields = await session.describe(query);
  if (fields.length === 0) throw queryColumnsRefused('there are none');
  refuseDuplicates(fields);
  const elements = await elementTypes(session, fields);
  return fields.map(({ name, dataTypeID, dataTypeModifier }) => ({
    name,
    codec: codecOf(dataTypeID, dataTypeModifier, elements.get(dataTypeID)),
  }));
}

/** Upper and lower case count as the same, as everywhere in tables. */
function refuseDuplicates(fields: readonly FieldDef[]): void {
  const seen = new Set<string>();
  for (const { name } of fields) {
    if (seen.has(name.toLowerCase())) {
      throw queryColumnsRefused(`two are called "${name}"; give each a name of its own with AS`);
    }
    seen.add(name.toLowerCase());
  }
}

/** The types of the elements, by the type of the array. */
async function elementTypes(
  { client }: PostgresSession,
  fields: readonly FieldDef[],
): Promise<ReadonlyMap<number, number>> {
  const types = [...new Set(fields.map(({ dataTypeID }) => dataTypeID))];
  const { rows } = await client.query<{ array: string; element: string }>(
    `SELECT oid::text AS array, typelem::text AS element FROM pg_catalog.pg_type
      WHERE oid = ANY ($1::oid[]) AND typcategory = 'A' AND typlen = -1 AND typdelim = ','`,
    [types],
  );
  return new Map(rows.map(({ array, element }) => [Number(array), Number(element)]));
}
