import { blobsEnv, natsEnv, postgresEnv, serviceEnv } from '@aimass/platform-config';
import { z } from 'zod';

/** Everything this service reads from its environment. */
export const configSchema = z.object({ ...serviceEnv(), ...natsEnv(), ...postgresEnv(), ...blobsEnv() });

export type Config = z.infer<typeof configSchema>;
