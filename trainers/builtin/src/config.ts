import { z } from 'zod';

/** What the trainer reads from its environment; everything else comes from files, see contract.ts. */
export const configSchema = z.object({
  AIMASS_ML_ROOT: z.string().min(1).default('/opt/ml').describe('Root of the training container layout.'),
  TENSORFLOW_BACKEND: z
    .enum(['auto', 'tfjs-node', 'tfjs'])
    .default('auto')
    .describe('auto: the native library when it is built, else TensorFlow.js on WebAssembly.'),
});

export type TensorflowBackend = z.infer<typeof configSchema>['TENSORFLOW_BACKEND'];
