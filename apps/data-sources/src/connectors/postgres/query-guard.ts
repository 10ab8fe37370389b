import { loadModule, parseSync } from 'libpg-query';
import { queryRefused } from './postgres.errors.js';
import { isAllowedFunction } from './query-functions.js';

/** A longer query belongs into a view. */
const MAXIMUM_LENGTH = 50_000;

type Fields = Readonly<Record<string, unknown>>;

/** What PostgreSQL's own parser makes of a text. `stmt_len` is in bytes of UTF-8, absent up to the end. */
interface Statement {
  readonly stmt: Fields;
  readonly stmt_location?: number;
  readonly stmt_len?: number;
}

/**
 * Checks the query of a source with PostgreSQL's own parser: one SELECT (or VALUES, TABLE, WITH … SELECT) that only
 * reads tables and calls functions that compute on values. Returns its text without a semicolon, fit to stand in
 * brackets of its own line. Throws `data_sources.query_refused`. This is the first of three walls; the others are the
 * read-only transaction and the extended protocol, which takes one statement.
 */
export async function checkedQuery(text: string): Promise<string> {
  if (text.length > MAXIMUM_LENGTH) {
    throw queryRefused(`it has more than ${MAXIMUM_LENGTH} characters; put it into a view`);
  }
  if (text.includes('\0')) throw queryRefused('it holds a NUL character');
  const [statement, ...others] = await parsed(text);
  if (!statement) throw queryRefused('it is empty');
  if (others.length > 0) throw queryRefused('it has more than one statement');
  if (!('SelectStmt' in statement.stmt)) throw queryRefused('it is not a SELECT');
  checkTree(statement.stmt);
  return statementText(text, statement);
}

async function parsed(text: string): Promise<readonly Statement[]> {
  if (text.trim() === '') return [];
  await loadModule();
  try {
    return (parseSync(text) as { stmts?: readonly Statement[] }).stmts ?? [];
  } catch (error) {
    const isSyntax = error instanceof Error && error.name === 'SqlError';
    throw queryRefused(isSyntax ? `it cannot be read: ${error.message}` : 'it is nested too deeply');
  }
}

function statementText(text: string, { stmt_location = 0, stmt_len }: Statement): string {
  const bytes = Buffer.from(text);
  const end = stmt_len === undefined ? bytes.length : stmt_location + stmt_len;
  return bytes.subarray(stmt_location, end).toString();
}

/** Looks at every node; without recursion, since the depth is the user's choice. */
function checkTree(root: Fields): void {
  const open: unknown[] = [root];
  while (open.length > 0) {
    const node = open.pop();
    if (typeof node !== 'object' || node === null) continue;
    for (const [name, value] of Object.entries(node)) {
      checkField(name, value);
      open.push(value);
    }
  }
}

function checkField(name: string, value: unknown): void {
  const check = CHECKS[name];
  if (check) check(value as never);
  else if (name.endsWith('Stmt') && name !== 'SelectStmt') {
    throw queryRefused(`${statementName(name)} is not allowed in it`);
  }
}

/** By the name of the node or field. */
const CHECKS: Readonly<Record<string, (value: never) => void>> = {
  intoClause: () => {
    throw queryRefused('SELECT INTO would write a table');
  },
  lockingClause: () => {
    throw queryRefused('FOR UPDATE and FOR SHARE would lock rows');
  },
  ParamRef: () => {
    throw queryRefused('it has a parameter ($1); write the value into it');
  },
  funcname: (names: readonly Fields[]) => {
    checkFunction(names.map(textOf));
  },
  A_Indirection: ({ indirection }: { indirection?: readonly Fields[] }) => {
    for (const step of indirection ?? []) checkIndirection(step);
  },
  RangeVar: checkRelation,
};

function checkFunction(nameParts: readonly string[]): void {
  if (isAllowedFunction(nameParts)) return;
  throw queryRefused(
    `the function ${nameParts.join('.')} is not one of those it may call; put the query into a view of the database`,
  );
}

/** `(x).f` reads a field of x, but calls f(x) when there is no such field. */
function checkIndirection(step: Fields): void {
  if (!('String' in step) || isAllowedFunction([textOf(step)])) return;
  throw queryRefused(
    `(…).${textOf(step)} could call a function; take the field with to_jsonb(…) ->> '${textOf(step)}', or use a view`,
  );
}

/** The catalogues hold password digests, and some of their views read files of the server. */
function checkRelation({ schemaname, relname = '' }: { schemaname?: string; relname?: string }): void {
  if (!(schemaname ?? relname).startsWith('pg_')) return;
  throw queryRefused(`${relname} is one of the system's own tables`);
}

function textOf(node: Fields): string {
  const { sval } = (node['String'] ?? {}) as { sval?: string };
  return sval ?? '';
}

/** `DeleteStmt` → `DELETE`. */
function statementName(node: string): string {
  return node
    .slice(0, -'Stmt'.length)
    .replace(/(?<=[a-z])(?=[A-Z])/g, ' ')
    .toUpperCase();
}
