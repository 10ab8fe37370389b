import { z } from 'zod';

/** A file behind an HTTP address. */
export const httpSourceConfig = z.strictObject({
  kind: z.literal('http'),
  url: z.string().min(1).max(8_000),
  /** The header that carries the secret as it is; absent for Authorization. */
  credentialsHeader: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9-]{0,99}$/, 'must be the name of a header')
    .optional(),
});

/** One object of an S3-compatible store, or every object below a prefix. */
export const s3SourceConfig = z.strictObject({
  kind: z.literal('s3'),
  /** Empty for AWS in `region`. */
  endpoint: z.string().max(2_000),
  region: z.string().max(100),
  bucket: z.string().min(1).max(255),
  selection: z.union([
    z.strictObject({ key: z.string().min(1).max(1_024) }),
    z.strictObject({ prefix: z.string().max(1_024) }),
  ]),
  isPathStyle: z.boolean(),
});

/** A table of a PostgreSQL server, or one query. */
export const postgresSourceConfig = z.strictObject({
  kind: z.literal('postgres'),
  host: z.string().min(1).max(255),
  port: z.int().min(1).max(65_535),
  database: z.string().min(1).max(63),
  selection: z.union([
    z.strictObject({ table: z.string().min(1).max(200) }),
    z.strictObject({ query: z.string().min(1).max(100_000) }),
  ]),
  sslMode: z.enum(['verify-full', 'require', 'disable']),
  /** The authorities to trust, PEM; empty for the well-known ones. */
  caCertificate: z.string().max(200_000).default(''),
});

/** What a source reads, as it is stored. Whether it may be reached is for its connector to say. */
export const sourceConfig = z.discriminatedUnion('kind', [
  httpSourceConfig,
  s3SourceConfig,
  postgresSourceConfig,
]);

export type HttpSourceConfig = z.infer<typeof httpSourceConfig>;
export type S3SourceConfig = z.infer<typeof s3SourceConfig>;
export type PostgresSourceConfig = z.infer<typeof postgresSourceConfig>;
export type SourceConfig = z.infer<typeof sourceConfig>;

/** Who reads. Lives in memory only; what is stored is encrypted. */
export interface SourceCredentials {
  /** User name, access key id or role; empty for none. */
  readonly user: string;
  /** Password, secret access key, or without a user a bearer token. */
  readonly secret: string;
  /** S3 session token; else empty. */
  readonly sessionToken: string;
}
