import { blobsEnv, natsEnv, postgresEnv, serviceEnv } from '@aimass/platform-config';
import { z } from 'zod';
import { parseAllowList } from './net/allow-list.js';

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
    .default(1024 ** 3)
    .describe('largest upload'),
  /** Sources reach public addresses only, and what is listed here. */
  EGRESS_ALLOW: z
    .string()
    .default('')
    .refine(isAllowList, 'networks, addresses or host names, separated by commas')
    .describe('private addresses that sources may reach all the same'),
  /** DuckDB spills to disk beyond this. */
  TABLE_MEMORY_MB: z.coerce.number().int().min(128).default(1024).describe('memory of one table operation'),
  TABLE_THREADS: z.coerce.number().int().min(1).max(64).default(2).describe('threads of one table operation'),
  TABLE_PARALLEL: z.coerce
    .number()
    .int()
    .min(1)
    .max(64)
    .default(2)
    .describe('table operations at a time; more wait'),
});

export type Config = z.infer<typeof configSchema>;

function isAllowList(text: string): boolean {
  try {
    parseAllowList(text);
    return true;
  } catch {
    return false;
  }
}
