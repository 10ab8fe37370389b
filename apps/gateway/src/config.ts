import { natsEnv, peerEnv, postgresEnv, serviceEnv } from '@aimass/platform-config';
import { z } from 'zod';

/** Everything this service reads from its environment. */
export const configSchema = z.object({
  LOG_LEVEL: serviceEnv().LOG_LEVEL,
  ...natsEnv(),
  ...postgresEnv(),
  ...peerEnv('DATA_SOURCES_URL'),
  ...peerEnv('TRAINING_URL'),
  ...peerEnv('MODEL_REGISTRY_URL'),
  ...peerEnv('TRAFFIC_CONTROL_URL'),
  ...peerEnv('MARKETPLACE_URL'),
  /** The public address. */
  HTTP_HOST: z.string().default('127.0.0.1').describe('address the public HTTP server binds to'),
  HTTP_PORT: z.coerce.number().int().min(1).max(65535).describe('port of the public HTTP server'),
  /** This key is made the platform administrator's at start, so that a fresh installation can be entered. */
  ADMIN_KEY: z
    .string()
    .regex(/^am_[A-Za-z0-9]{43}$/, 'am_ and 43 letters or digits')
    .optional()
    .describe('platform administrator key to ensure at start'),
  /** Answered calls are recorded here before their answers leave. One gateway process per folder. */
  SPOOL_DIR: z.string().min(1).describe('folder of the usage spool'),
  /** A data-plane body larger than this is refused. */
  BODY_LIMIT_BYTES: z.coerce
    .number()
    .int()
    .min(1024)
    .default(32 * 1024 * 1024)
    .describe('largest inference body'),
  /** A control-plane JSON body larger than this is refused; uploads have their own limit in data-sources. */
  JSON_LIMIT_BYTES: z.coerce
    .number()
    .int()
    .min(1024)
    .default(1024 * 1024)
    .describe('largest JSON body'),
  /** A prediction that takes longer is given up. */
  REQUEST_TIMEOUT_MS: z.coerce.number().int().min(10).default(30_000).describe('longest prediction'),
  /** A connection that sends nothing, or takes longer for the headers of a request, is closed. */
  HEADERS_TIMEOUT_MS: z.coerce
    .number()
    .int()
    .min(100)
    .default(15_000)
    .describe('longest wait for the headers of a request'),
  /** A connection without a request is closed after this long. */
  KEEP_ALIVE_TIMEOUT_MS: z.coerce
    .number()
    .int()
    .min(100)
    .default(72_000)
    .describe('longest idle time of a connection between requests'),
  /** A client that takes longer than this for each MiB of an answer is cut off. */
  READ_TIMEOUT_MS: z.coerce
    .number()
    .int()
    .min(100)
    .default(30_000)
    .describe('longest wait for a client to take a MiB of its answer'),
  /** How long a changed or revoked key may go unnoticed when the notice of it is lost. */
  KEY_POLL_MS: z.coerce.number().int().min(50).max(1000).default(500).describe('interval of the key poll'),
});

export type Config = z.infer<typeof configSchema>;
