import { quoteName } from '../../tables/sql.js';
import { postgresConfigRefused } from './postgres.errors.js';

/** One name as SQL writes it: plain, or in double quotes that are doubled inside. */
const PART = /(?:"((?:[^"\0]|"")+)"|([A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*))/.source;
const TABLE = new RegExp(`^(?:${PART}\\.)?${PART}$`);

/**
 * The query that reads a whole table or view: `name` or `schema.name`, each as SQL writes it, so that upper case needs
 * double quotes. Throws `postgres_refused` for what is no such name, and for the system's own tables.
 */
export function tableQuery(table: string): string {
  const [isTable, quotedSchema, schema, quotedName, name] = TABLE.exec(table) ?? [];
  if (isTable === undefined) {
    throw postgresConfigRefused(
      'the table must be called name or schema.name; names with other characters or upper case need double quotes',
    );
  }
  const path = [plainName(quotedSchema, schema), plainName(quotedName, name)].filter((part) => part !== '');
  if (path[0]?.startsWith('pg_') === true)
    throw postgresConfigRefused('it is one of the system’s own tables');
  return `SELECT * FROM ${path.map(quoteName).join('.')}`;
}

function plainName(quoted: string | undefined, plain: string | undefined): string {
  return quoted?.replaceAll('""', '"') ?? plain?.toLowerCase() ?? '';
}
