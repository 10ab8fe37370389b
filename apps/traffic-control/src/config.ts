import { natsEnv, peerEnv, postgresEnv, serviceEnv } from '@aimass/platform-config';
import { z } from 'zod';

/** Everything this service reads from its environment. */
export const configSchema = z.object({
  ...serviceEnv(),
  ...natsEnv(),
  ...postgresEnv(),
  ...peerEnv('MODEL_REGISTRY_URL'),
  /** A gateway's slice of a limit ends this long after it was granted; gateways renew at half of it. */
  LEASE_LIFETIME_MS: z.coerce
    .number()
    .int()
    .min(100)
    .max(600_000)
    .default(10_000)
    .describe('lifetime of a lease'),
  /** A slice stays taken this much longer than its holder believes: the time an answer may be under way. */
  LEASE_GRACE_MS: z.coerce
    .number()
    .int()
    .min(0)
    .max(60_000)
    .default(1_000)
    .describe('added to a lease before it is free'),
  /** The bucket of snapshots is compared with the database this often, and healed. */
  SNAPSHOT_CHECK_MS: z.coerce
    .number()
    .int()
    .min(50)
    .max(3_600_000)
    .default(30_000)
    .describe('pause between checks of the KV bucket'),
});

export type Config = z.infer<typeof configSchema>;
