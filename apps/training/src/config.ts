import { blobsEnv, natsEnv, peerEnv, postgresEnv, serviceEnv } from '@aimass/platform-config';
import { z } from 'zod';

/** Everything this service reads from its environment. */
export const configSchema = z.object({
  ...serviceEnv(),
  ...natsEnv(),
  ...postgresEnv(),
  ...blobsEnv(),
  ...peerEnv('DATA_SOURCES_URL'),
  WORK_DIR: z.string().min(1).describe('folder in which running jobs have their files'),
  BUILTIN_TRAINER: z.string().min(1).describe('JavaScript file of the built-in trainer'),
  MAX_RUNNING_JOBS: z.coerce.number().int().min(1).max(64).default(2).describe('trainers that run at once'),
  LEASE_SECONDS: z.coerce
    .number()
    .min(1)
    .max(600)
    .default(10)
    .describe('how long a silent worker keeps a job'),
  CANCEL_GRACE_SECONDS: z.coerce.number().min(0).max(600).default(10).describe('from SIGTERM to SIGKILL'),
  TENSORFLOW_BACKEND: z.enum(['auto', 'tfjs-node', 'tfjs']).default('auto').describe('passed to the trainer'),
});

export type Config = z.infer<typeof configSchema>;
