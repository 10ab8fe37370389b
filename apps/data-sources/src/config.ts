import { blobsEnv, natsEnv, postgresEnv, serviceEnv } from '@aimass/platform-config';
import { z } from 'zod';
import { parseAllowList } from './net/allow-list.js';
import { parseKeyRing } from './secrets/key-ring.js';

/** Everything this service reads from its environment. */
export const configSchema = z.object({
  ...serviceEnv(),
  ...natsEnv(),
  ...postgresEnv(),
  ...blobsEnv(),
  /** Temporary files live under `<HOME_DIR>/tmp/data-sources`. */
  HOME_DIR: z
    .string()
    .min(1)
    .describe('folder of the platform; temporary files live in tmp/data-sources below it'),
  /** A larger upload is refused while it streams. */
  UPLOAD_LIMIT_BYTES: z.coerce
    .number()
    .int()
    .min(1)
    .default(64 * 1024 ** 3)
    .describe('largest upload'),
  /** A resumable upload that gets nothing for so long is taken away. */
  UPLOAD_EXPIRY_SECONDS: z.coerce
    .number()
    .min(1)
    .default(86_400)
    .describe('how long an unfinished upload waits for its next bytes'),
  /** Credentials of sources are encrypted with the first key and decrypted with any; without one none can be stored. */
  SECRETS_KEYS: z
    .string()
    .default('')
    .refine(isKeyRing, 'id:base64 of 32 bytes, several separated by commas, each id once')
    .describe('keys that encrypt credentials, the newest first'),
  /** Sources reach public addresses only, and what is listed here. */
  EGRESS_ALLOW: z
    .string()
    .default('')
    .refine(isAllowList, 'networks, addresses or host names, separated by commas')
    .describe('private addresses that sources may reach all the same'),
  /** A source that goes on for longer is given up. */
  FETCH_TIMEOUT_SECONDS: z.coerce
    .number()
    .int()
    .min(1)
    .default(6 * 3600)
    .describe('longest reading of a source'),
  /** Measured over FETCH_PATIENCE_SECONDS; a source that is slower is given up. */
  FETCH_MINIMUM_BYTES_PER_SECOND: z.coerce
    .number()
    .int()
    .min(1)
    .default(1024)
    .describe('slowest reading of a source'),
  FETCH_PATIENCE_SECONDS: z.coerce
    .number()
    .min(0.1)
    .default(60)
    .describe('how long a source may take to answer, or be too slow'),
  /** DuckDB spills to disk beyond this. */
  TABLE_MEMORY_MB: z.coerce.number().int().min(128).default(3072).describe('memory of one table operation'),
  TABLE_THREADS: z.coerce.number().int().min(1).max(64).default(2).describe('threads of one table operation'),
  TABLE_PARALLEL: z.coerce
    .number()
    .int()
    .min(1)
    .max(64)
    .default(2)
    .describe('table operations at a time; more wait'),
  SYNC_PARALLEL: z.coerce.number().int().min(1).max(64).default(2).describe('syncs at a time; more wait'),
  /** A sync whose service was killed is taken up by another one after this long, by its own at once. */
  SYNC_LEASE_SECONDS: z.coerce
    .number()
    .min(1)
    .max(600)
    .default(30)
    .describe('how long a silent service keeps a sync'),
  /** An import on request that takes longer goes on, and the caller gets its sync. */
  SYNC_WAIT_MS: z.coerce
    .number()
    .int()
    .min(0)
    .max(60_000)
    .default(30_000)
    .describe('how long a request waits for its import'),
  FETCH_LIMIT_BYTES: z.coerce
    .number()
    .int()
    .min(1)
    .default(64 * 1024 ** 3)
    .describe('most bytes one sync may fetch'),
  /** Tells the server, and holds here should the server not obey. */
  POSTGRES_STATEMENT_TIMEOUT_SECONDS: z.coerce
    .number()
    .int()
    .min(1)
    .max(86_400)
    .default(120)
    .describe('how long a PostgreSQL source may take for its next rows'),
  POSTGRES_ROW_LIMIT: z.coerce
    .number()
    .int()
    .min(1)
    .default(1_000_000_000)
    .describe('most rows of a PostgreSQL source'),
});

export type Config = z.infer<typeof configSchema>;

function isKeyRing(text: string): boolean {
  try {
    parseKeyRing(text);
    return true;
  } catch {
    return false;
  }
}

function isAllowList(text: string): boolean {
  try {
    parseAllowList(text);
    return true;
  } catch {
    return false;
  }
}
