import { z } from 'zod';

const ratio = z.number().min(0).max(1);
const instant = z.iso.datetime({ offset: true });

const fields = z.strictObject({
  strategy: z
    .enum(['random', 'stratified', 'time', 'group'])
    .default('random')
    .describe(
      'random; stratified: the ratios hold within each value of column; time: in the order of column; group: all rows ' +
        'of one value of column are in one part',
    ),
  column: z.string().min(1).max(1_000).optional().describe('the column that decides; not for random'),
  ratios: z
    .strictObject({ train: ratio, validation: ratio, test: ratio })
    .optional()
    .describe('must add up to 1; needed unless there are cuts'),
  cuts: z
    .strictObject({ validationFrom: instant.optional(), testFrom: instant.optional() })
    .optional()
    .describe('only by time, instead of ratios: rows from these instants on are validation and test'),
  seed: z
    .number()
    .int()
    .min(0)
    .max(Number.MAX_SAFE_INTEGER)
    .default(0)
    .describe('same seed, same rows; not for time'),
});

export const createSplitBody = fields.refine(
  ({ ratios, cuts }) => ratios !== undefined || cuts !== undefined,
  {
    path: ['ratios'],
    message: 'is required, unless a split by time has cuts',
  },
);
export type CreateSplitBody = z.infer<typeof createSplitBody>;

export const membershipQuery = z.strictObject({
  format: z.enum(['parquet', 'csv']).default('parquet').describe('how to send it'),
});
export type MembershipQuery = z.infer<typeof membershipQuery>;
