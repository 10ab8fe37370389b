import { createHash } from 'node:crypto';
import { BOOLEAN, DOUBLE, DuckDBInstance, INTEGER, VARCHAR } from '@duckdb/node-api';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { FilterCondition, FilterExpression } from '@aimass/contracts';
import { beforeAll, expect, it } from 'vitest';
import { quoteName, quoteText } from '../tables/sql.js';
import { transformRows } from './row-transforms.js';
import { columnsOf } from './typed-column.js';

/** Texts that would break out of a quote that is not closed well, and patterns that must not act as patterns. */
const HOSTILE = [
  ...["'", "''", '"', `";`, "\\'", '\\', '%', '_', '--', '/*', '*/', '$$', "$1', 1", '; DROP TABLE rows; --'],
  ...["' OR 1=1 --", "') OR ('1'='1", '"); SELECT 1; --', "x' UNION SELECT 'y", '{{7*7}}', '🌻', 'é', 'É'],
  ...["read_csv('/etc/passwd')", 'c0', 'row_index', 'data', 'true', 'NULL', ' ', "E'\\''"],
];
const COLUMNS = [`"; DROP TABLE rows; --`, "it's", 'c1', 'row_index'] as const;
const NUMBERS = [0, 1, -1, 2.5, 1e300, -0.1, 7];

let connection: DuckDBConnection;
let rows: Record<string, string | number | boolean | null>[];

beforeAll(async () => {
  connection = await (await DuckDBInstance.create(':memory:')).connect();
  const random = randomFrom('rows');
  rows = Array.from({ length: 300 }, () => ({
    [COLUMNS[0]]: random.chance(0.1) ? null : random.pick(HOSTILE),
    [COLUMNS[1]]: random.chance(0.1) ? null : random.pick(NUMBERS),
    [COLUMNS[2]]: random.chance(0.1) ? null : random.pick([true, false]),
    [COLUMNS[3]]: random.chance(0.1) ? null : random.pick(HOSTILE),
  }));
  const types = [VARCHAR, DOUBLE, BOOLEAN, VARCHAR];
  await connection.run(
    `CREATE TABLE rows (n INTEGER, ${COLUMNS.map((name, i) => `${quoteName(name)} ${String(types[i])}`).join(', ')})`,
  );
  const insert = await connection.prepare('INSERT INTO rows VALUES ($1, $2, $3, $4, $5)');
  for (const [index, row] of rows.entries()) {
    insert.bind([index, ...COLUMNS.map((name) => row[name] ?? null)], [INTEGER, ...types]);
    await insert.run();
  }
});

it('keeps exactly the rows that a filter means, whatever is in names and values: 400 random expressions', async () => {
  const columns = await columnsOf(connection, 'rows');
  for (let seed = 0; seed < 400; seed++) {
    const expression = randomExpression(randomFrom(`expression ${seed}`), 3);
    const steps = [{ filter: expression }, { select: ['n'] }];
    const { query } = await transformRows(connection, { relation: 'rows', columns }, steps);
    const kept = (await connection.runAndReadAll(query)).getRows().map(([n]) => Number(n));
    const meant = rows.flatMap((row, index) => (meets(row, expression) ? [index] : []));
    expect(kept, JSON.stringify(expression)).toEqual(meant);
  }
  const tables = await connection.runAndReadAll('SELECT count(*) FROM rows');
  expect(Number(tables.getRows()[0]?.[0])).toBe(300);
});

it('survives names that are SQL, in every step', async () => {
  for (const name of HOSTILE.filter((each) => each.trim() !== '')) {
    const relation = `(SELECT ${quoteText(name)} AS ${quoteName(name)}, 1 AS other)`;
    const columns = [
      { name, type: 'VARCHAR' },
      { name: 'other', type: 'INTEGER' },
    ];
    const steps = [
      { filter: { column: name, op: '=' as const, value: name } },
      { fill: { [name]: name } },
      { cast: { [name]: 'text' as const } },
      { rename: { [name]: `${name}'"`, other: name } },
      { drop: [name] },
    ];
    const { query } = await transformRows(connection, { relation, columns }, steps);
    const reader = await connection.runAndReadAll(query);
    expect([reader.columnNames(), reader.getRows()]).toEqual([[`${name}'"`], [[name]]]);
  }
});

/** What a filter means, said once more and without SQL. */
function meets(row: (typeof rows)[number], expression: FilterExpression): boolean {
  if ('and' in expression) return expression.and.every((part) => meets(row, part));
  if ('or' in expression) return expression.or.some((part) => meets(row, part));
  if ('not' in expression) return !meets(row, expression.not);
  const value = row[expression.column] ?? null;
  if (expression.op === 'isNull') return value === null;
  return value !== null && meetsCondition(value, expression);
}

function meetsCondition(value: string | number | boolean, condition: FilterCondition): boolean {
  switch (condition.op) {
    case 'isNull':
      return false;
    case 'isNotNull':
      return true;
    case 'in':
      return condition.values.includes(value);
    case 'notIn':
      return !condition.values.includes(value);
    case 'contains':
      return String(value).includes(condition.value);
    case 'startsWith':
      return String(value).startsWith(condition.value);
    case 'endsWith':
      return String(value).endsWith(condition.value);
    default:
      return compares(condition.op, order(value, condition.value));
  }
}

function compares(op: '=' | '!=' | '<' | '<=' | '>' | '>=', sign: number): boolean {
  return {
    '=': sign === 0,
    '!=': sign !== 0,
    '<': sign < 0,
    '<=': sign <= 0,
    '>': sign > 0,
    '>=': sign >= 0,
  }[op];
}

/** Texts by their UTF-8 bytes. */
function order(a: string | number | boolean, b: string | number | boolean): number {
  if (typeof a === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(String(b)));
  return Number(a) - Number(b);
}

type Random = ReturnType<typeof randomFrom>;

/** The same numbers in every run: a failure can be seen again. */
function randomFrom(seed: string) {
  let counter = 0;
  const next = () => createHash('sha256').update(`${seed}:${counter++}`).digest().readUInt32BE() / 2 ** 32;
  return {
    chance: (share: number) => next() < share,
    pick: <T>(items: readonly T[]): T => items[Math.floor(next() * items.length)] as T,
  };
}

function randomExpression(random: Random, depth: number): FilterExpression {
  if (depth === 0 || random.chance(0.3)) return randomCondition(random);
  const parts = () =>
    Array.from({ length: random.pick([1, 2, 3]) }, () => randomExpression(random, depth - 1));
  const kind = random.pick(['and', 'or', 'not']);
  if (kind === 'not') return { not: randomExpression(random, depth - 1) };
  return kind === 'and' ? { and: parts() } : { or: parts() };
}

function randomCondition(random: Random): FilterCondition {
  const column = random.pick(COLUMNS);
  const values = column === COLUMNS[1] ? NUMBERS : column === COLUMNS[2] ? [true, false] : HOSTILE;
  const value = () => random.pick<string | number | boolean>(values);
  const op = random.pick([
    '=',
    '!=',
    '<',
    '<=',
    '>',
    '>=',
    'in',
    'notIn',
    'isNull',
    'isNotNull',
    'contains',
  ] as const);
  if (op === 'isNull' || op === 'isNotNull') return { column, op };
  if (op === 'in' || op === 'notIn') return { column, op, values: [value(), value(), value()] };
  if (op !== 'contains') return { column, op, value: value() };
  const search = random.pick(['contains', 'startsWith', 'endsWith'] as const);
  return values === HOSTILE
    ? { column, op: search, value: random.pick(HOSTILE) }
    : { column, op: '=', value: value() };
}
