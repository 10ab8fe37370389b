import { recipeSchema } from '@aimass/contracts';
import { z } from 'zod';
import { resourceName } from '../../http/parameters.js';

const text = (most: number) => z.string().max(most);

const httpConfig = z.strictObject({
  url: text(8_000).min(1).describe('http: or https:, without user information or fragment'),
  credentialsHeader: text(100)
    .regex(/^[A-Za-z][A-Za-z0-9-]*$/)
    .optional()
    .describe('header that carries the secret as it is, such as X-Api-Key; absent for Authorization'),
});

const s3Config = z
  .strictObject({
    endpoint: text(2_000).default('').describe('https://…; absent for AWS in `region`'),
    region: text(100).default('').describe('for example eu-central-1'),
    bucket: text(255).min(1),
    key: text(1_024).min(1).optional().describe('one object'),
    prefix: text(1_024).optional().describe('every object whose key starts so'),
    isPathStyle: z.boolean().default(false).describe('whether the bucket is part of the path'),
  })
  .refine(({ key, prefix }) => (key === undefined) !== (prefix === undefined), 'needs either key or prefix');

const postgresConfig = z
  .strictObject({
    host: text(255).min(1).describe('a host name or address'),
    port: z.number().int().min(1).max(65_535).default(5432),
    database: text(63).min(1),
    table: text(200).min(1).optional().describe('a table or view: schema.name or name'),
    query: text(100_000).min(1).optional().describe('one read-only SELECT'),
    sslMode: z.enum(['verify-full', 'require', 'disable']).default('verify-full'),
    caCertificate: text(200_000)
      .default('')
      .describe('the authorities to trust, PEM; absent for the well-known ones'),
  })
  .refine(
    ({ table, query }) => (table === undefined) !== (query === undefined),
    'needs either table or query',
  );

const config = z
  .strictObject({
    http: httpConfig.optional(),
    s3: s3Config.optional(),
    postgres: postgresConfig.optional(),
  })
  .refine(
    ({ http, s3, postgres }) => [http, s3, postgres].filter((kind) => kind !== undefined).length === 1,
    'needs one of http, s3 and postgres',
  )
  .describe('what the source reads; its kind stays');
export type SourceConfigBody = z.infer<typeof config>;

const secret = text(16_384).default('');

const credentials = z
  .strictObject({
    user: text(1_000)
      .default('')
      .describe('user name, access key id or PostgreSQL role; absent with a bearer token'),
    secret: secret.describe('password, secret access key or bearer token'),
    sessionToken: secret.describe('S3 only'),
  })
  .refine((given) => given.user !== '' || given.secret !== '', 'need a user or a secret')
  .describe('who reads: encrypted, and never shown again');

const schedule = z
  .strictObject({
    everySeconds: z.number().int().min(60).max(31_622_400).optional(),
    cron: text(200).optional().describe('five fields in UTC: minute, hour, day of month, month, day of week'),
  })
  .refine(
    ({ everySeconds, cron }) => (everySeconds === undefined) !== (cron === undefined),
    'needs either everySeconds or cron',
  )
  .describe('when the source is read by itself');
export type ScheduleBody = z.infer<typeof schedule>;

export const createSourceBody = z.strictObject({
  name: resourceName.describe('unique within the organization'),
  datasetName: resourceName.optional().describe("the dataset that it feeds; the source's name when absent"),
  config,
  credentials: credentials.optional(),
  recipe: recipeSchema.optional().describe('how versions are made'),
  schedule: schedule.optional(),
});
export type CreateSourceBody = z.infer<typeof createSourceBody>;

export const updateSourceBody = z.strictObject({
  config: config.optional(),
  credentials: credentials.nullable().optional().describe('null takes them away'),
  recipe: recipeSchema.optional(),
  schedule: schedule.nullable().optional().describe('null takes it away'),
});
export type UpdateSourceBody = z.infer<typeof updateSourceBody>;
