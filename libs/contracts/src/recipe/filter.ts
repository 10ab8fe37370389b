import { z } from 'zod';

/** A value that a recipe names. */
export const scalar = z.union([z.string().max(10_000), z.number(), z.boolean()]);
export type Scalar = z.infer<typeof scalar>;

const column = z.string().min(1).max(1_000);

/** One condition on one column. A missing value meets none but `isNull`. */
const condition = z.discriminatedUnion('op', [
  z.strictObject({ column, op: z.enum(['=', '!=', '<', '<=', '>', '>=']), value: scalar }),
  z.strictObject({ column, op: z.enum(['in', 'notIn']), values: z.array(scalar).min(1).max(1_000) }),
  z.strictObject({
    column,
    op: z.enum(['contains', 'startsWith', 'endsWith']),
    value: z.string().min(1).max(10_000),
  }),
  z.strictObject({ column, op: z.enum(['isNull', 'isNotNull']) }),
]);

export type FilterCondition = z.infer<typeof condition>;

/** Which rows stay: a condition, or several of them joined. */
export type FilterExpression =
  | FilterCondition
  | { readonly and: readonly FilterExpression[] }
  | { readonly or: readonly FilterExpression[] }
  | { readonly not: FilterExpression };

/** An expression is not nested deeper. */
export const MAX_FILTER_DEPTH = 10;
/** A list in an expression is not longer. */
const MAX_BRANCHES = 100;

/**
 * A filter: an expression tree, never SQL. Written by hand rather than as a recursive schema, so that its depth is
 * checked before anything recurses, and so that the API document needs no reference to itself.
 */
export const filterExpression = z
  .record(z.string(), z.unknown())
  .superRefine((expression, context) => check(expression, [], context))
  .transform((expression) => expression as unknown as FilterExpression)
  .describe(
    'a condition {"column", "op", "value"}, {"column", "op": "in" | "notIn", "values"} or ' +
      '{"column", "op": "isNull" | "isNotNull"}, or {"and": […]}, {"or": […]}, {"not": …}; ' +
      `op: = != < <= > >= contains startsWith endsWith; at most ${MAX_FILTER_DEPTH} deep`,
  );

type Path = readonly (string | number)[];

function check(value: unknown, path: Path, context: z.RefinementCtx): void {
  const joined = joinedBy(value);
  if (joined === undefined) return checkCondition(value, path, context);
  if (path.length >= 2 * MAX_FILTER_DEPTH) return refuse(context, path, 'is nested too deep');
  const { key, branches } = joined;
  if (!Array.isArray(branches)) {
    if (key === 'not') return check(branches, [...path, key], context);
    return refuse(context, [...path, key], 'must be a list of expressions');
  }
  if (key === 'not' || branches.length === 0 || branches.length > MAX_BRANCHES) {
    const must = key === 'not' ? 'one expression' : `a list of 1 to ${MAX_BRANCHES} expressions`;
    return refuse(context, [...path, key], `must be ${must}`);
  }
  branches.forEach((branch, index) => check(branch, [...path, key, index], context));
}

function joinedBy(value: unknown): { key: 'and' | 'or' | 'not'; branches: unknown } | undefined {
  if (typeof value !== 'object' || value === null || Object.keys(value).length !== 1) return undefined;
  const [key, branches] = Object.entries(value)[0] ?? [];
  return key === 'and' || key === 'or' || key === 'not' ? { key, branches } : undefined;
}

function checkCondition(value: unknown, path: Path, context: z.RefinementCtx): void {
  const { error } = condition.safeParse(value);
  for (const issue of error?.issues ?? []) {
    refuse(
      context,
      [...path, ...issue.path.map((key) => (typeof key === 'symbol' ? '' : key))],
      issue.message,
    );
  }
}

function refuse(context: z.RefinementCtx, path: Path, message: string): void {
  context.addIssue({ code: 'custom', path: [...path], message });
}
