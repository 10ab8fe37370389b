import { z } from 'zod';
import { resourceName } from '../../http/parameters.js';

const scalar = z.union([z.string().max(10_000), z.number(), z.boolean()]);

export const createJobBody = z.strictObject({
  algorithm: z.string().min(1).max(100).describe('see /algorithms'),
  splitId: z.string().min(1).describe('the split to train on'),
  hyperparameters: z
    .record(z.string().min(1).max(100), z.union([scalar, z.array(scalar).max(1000)]))
    .default({})
    .describe('see /algorithms'),
  output: z
    .strictObject({
      model: resourceName.describe('the model that the result becomes a version of'),
      alias: z
        .string()
        .regex(/^[a-z][a-z0-9_-]{0,62}$/, 'lower-case letters, digits, "-" or "_"')
        .optional()
        .describe('alias to point at it'),
    })
    .describe('where the model goes'),
});

export type CreateJobBody = z.infer<typeof createJobBody>;

/** Every value as text, lists as JSON, as training containers are given them. */
export function toHyperparameters(values: CreateJobBody['hyperparameters']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      Array.isArray(value) ? JSON.stringify(value) : String(value),
    ]),
  );
}

export const metricsQuery = z.strictObject({
  afterSequence: z
    .string()
    .regex(/^\d{1,18}$/)
    .default('0')
    .describe('points up to here are known'),
});
export type MetricsQuery = z.infer<typeof metricsQuery>;
