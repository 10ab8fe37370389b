import { z } from 'zod';
import { TrainingFailure } from '../training-failure.js';

const DEFAULT_LEARNING_RATES = [0.3, 0.1, 0.03, 0.01];
const MAX_EPOCHS = 100_000_000;

const list = z
  .string()
  .transform((text, context) => {
    const trimmed = text.trim();
    if (!trimmed.startsWith('[')) return trimmed.split(',').map((item) => item.trim());
    try {
      return z
        .array(z.union([z.string(), z.number()]))
        .parse(JSON.parse(trimmed))
        .map(String);
    } catch {
      context.addIssue({ code: 'custom', message: 'is neither comma separated nor a JSON array' });
      return z.NEVER;
    }
  })
  .refine((items) => items.length > 0 && items.every((item) => item !== ''), 'has an empty entry');

const schema = z.object({
  algorithm: z.literal('linear-regression'),
  target: z.string().min(1),
  features: list.refine(hasNoDuplicates, 'names a column twice').optional(),
  learningRates: list
    .transform((items) => [...new Set(items.map(Number))])
    .refine((rates) => rates.every((rate) => rate > 0 && Number.isFinite(rate)), 'must be numbers above 0')
    .refine((rates) => rates.length <= 50, 'has more than 50 entries')
    .default(DEFAULT_LEARNING_RATES),
  epochs: z.coerce.number().int().min(1).max(MAX_EPOCHS).default(500),
  seed: z.coerce.number().int().min(0).max(0xffff_ffff).default(1),
  refit: z.enum(['none', 'all']).default('none'),
});

export type LinearRegressionHyperparameters = z.infer<typeof schema>;

/**
 * Reads the strings of `hyperparameters.json`. Unknown names are refused, since a misspelt one would be ignored
 * in silence; SageMaker's own `sagemaker_…` entries are left out. Throws TrainingFailure with every violation.
 */
export function parseHyperparameters(values: Record<string, string>): LinearRegressionHyperparameters {
  const own = Object.entries(values).filter(([name]) => !name.startsWith('sagemaker_'));
  const known = Object.keys(schema.shape);
  const unknown = own.map(([name]) => name).filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new TrainingFailure(
      `Unknown hyperparameter: ${unknown.join(', ')}. Known are: ${known.join(', ')}.`,
    );
  }
  const parsed = schema.safeParse(Object.fromEntries(own));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new TrainingFailure(`The hyperparameters are not valid: ${problems.join('; ')}.`);
}

function hasNoDuplicates(items: string[]): boolean {
  return new Set(items).size === items.length;
}
