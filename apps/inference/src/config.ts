import { blobsEnv, natsEnv, serviceEnv } from '@aimass/platform-config';
import { z } from 'zod';

const count = (fallback: number) => z.coerce.number().int().min(1).default(fallback);

/** Everything this service reads from its environment. */
export const configSchema = z.object({
  ...serviceEnv(),
  ...natsEnv(),
  ...blobsEnv(),
  HTTP_PORT: z.coerce
    .number()
    .int()
    .min(1)
    .max(65535)
    .optional()
    .describe('port of the Open Inference Protocol (REST and gRPC) for operators; none when absent'),
  HTTP_HOST: z.string().default('127.0.0.1').describe('address that port binds to; it asks for no key'),
  FRAME_PORT: z.coerce
    .number()
    .int()
    .min(0)
    .max(65535)
    .default(0)
    .describe(
      'port for the frames of gateways, beside GRPC_PORT; 0: any free one, which the heartbeat tells',
    ),
  CACHE_DIR: z
    .string()
    .min(1)
    .describe('folder for the last good routing snapshots, measured memory and the journal of runs'),
  ADVERTISED_ADDRESS: z
    .string()
    .regex(/^[^\s/]+:\d+$/, 'host:port')
    .optional()
    .describe('where gateways reach this replica; default GRPC_HOST:GRPC_PORT'),
  TENSORFLOW_BACKEND: z
    .enum(['auto', 'tfjs-node', 'tfjs'])
    .default('auto')
    .describe('auto takes the native library when it is built'),
  ONNX_THREADS: count(1).describe('threads that compute one operator of an ONNX model'),
  SLOW_RUN_MS: z.coerce
    .number()
    .min(0)
    .default(5)
    .describe('a model whose run takes longer, in milliseconds, runs in a thread beside the event loop'),
  SLOW_LANES: count(1).optional().describe('such threads at most; default one less than there are cores'),
  RUN_LIMIT_SECONDS: z.coerce
    .number()
    .min(1)
    .default(30)
    .describe('a run that takes longer ends the process, since nothing else can end it'),
  TRIAL_LOADS: z
    .stringbool()
    .default(true)
    .describe('whether models that could end the process are first tried in another one'),
  TRIAL_SECONDS: z.coerce
    .number()
    .min(1)
    .default(20)
    .describe('time for a model to load and run in its trial'),
  MAX_BATCH_ROWS: count(64).describe('rows that one engine run takes at most; a larger request runs alone'),
  MAX_QUEUED_CALLS: count(2048).describe(
    'calls that wait for one model version at most; more are refused with 503',
  ),
  MAX_QUEUE_MS: count(100).describe(
    'how long calls may wait in a queue that does not empty any more; more are refused with 503',
  ),
  STREAM_WINDOW_CALLS: count(1024).describe('unanswered calls that one gateway stream may have here'),
  MAX_MODEL_BYTES: count(1024 ** 3).describe('size of all files of a model version at most'),
  MEMORY_BUDGET_BYTES: z.coerce
    .number()
    .int()
    .min(1)
    .optional()
    .describe('memory that loaded versions may take; default: half of what the machine or its cgroup offers'),
  UNLOAD_GRACE_SECONDS: z.coerce
    .number()
    .min(0)
    .default(30)
    .describe('a version that no route mentions any more stays loaded this long'),
  DRAIN_SECONDS: z.coerce
    .number()
    .min(0)
    .max(9)
    .default(5)
    .describe('time to finish accepted calls when stopping'),
});

export type Config = z.infer<typeof configSchema>;
