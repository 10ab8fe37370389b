import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { childEnvironment } from '@aimass/platform-config';
import { startPlatform, type RunningPlatform } from '@aimass/platform-embedded';
import type { BenchOptions } from '../bench.js';
import { ControlApi } from './control-api.js';

/** High enough to refuse nothing, so that the check is paid for and passes. */
const LIMIT_PER_SECOND = 1_000_000;

/** The embedded platform of one run, and what it takes to serve a model on it as a customer would. */
export class BenchPlatform {
  private constructor(
    readonly running: RunningPlatform,
    readonly api: ControlApi,
    private readonly home: string,
  ) {}

  static async start({ say, signal }: Pick<BenchOptions, 'say' | 'signal'>): Promise<BenchPlatform> {
    const home = await mkdtemp(join(tmpdir(), 'aimass-bench-'));
    try {
      const running = await startPlatform({ home, env: childEnvironment({}), onProgress: say, signal });
      return new BenchPlatform(running, new ControlApi(running.gatewayUrl, running.adminKey, signal), home);
    } catch (error) {
      await rm(home, { recursive: true, force: true });
      throw error;
    }
  }

  get url(): string {
    return this.running.gatewayUrl;
  }

  /** Uploads and registers an ONNX file as the next version of a model, and routes calls of that name to it. */
  async deploy(name: string, onnx: Uint8Array, serving?: ServingJson): Promise<void> {
    const upload = await this.api.upload<{ id: string }>(Buffer.from(onnx), 'application/octet-stream');
    const files = [{ path: 'model.onnx', uploadId: upload.id }];
    const version = await this.api.post<{ number: number }>(`/models/${name}/versions`, { files });
    const variant = {
      model: name,
      version: String(version.number),
      weight: 100,
      ...(serving && { serving }),
    };
    await this.api.post('/deployments', { name, variants: [variant] });
  }

  /** The authorization header of a key that may predict, with a limit on it that never refuses. */
  async issueKey(): Promise<Readonly<Record<string, string>>> {
    const key = await this.api.post<{ id: string; secret: string }>('/keys', {
      name: 'bench',
      role: 'developer',
    });
    await this.api.post('/policies', {
      target: 'POLICY_TARGET_KEY',
      targetId: key.id,
      requests: LIMIT_PER_SECOND,
      windowSeconds: 1,
    });
    return { authorization: `Bearer ${key.secret}` };
  }

  async stop(): Promise<void> {
    await this.running.stop();
    await rm(this.home, { recursive: true, force: true });
  }
}

/** How a variant is served, as the deployments route takes it. */
export interface ServingJson {
  readonly maxBatchRows?: number;
  readonly maxQueueMs?: number;
}
