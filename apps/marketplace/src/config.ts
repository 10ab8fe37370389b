import { natsEnv, peerEnv, postgresEnv, serviceEnv } from '@aimass/platform-config';
import { z } from 'zod';

/** Everything this service reads from its environment. */
export const configSchema = z.object({
  ...serviceEnv(),
  ...natsEnv(),
  ...postgresEnv(),
  ...peerEnv('TRAFFIC_CONTROL_URL'),
});

export type Config = z.infer<typeof configSchema>;
