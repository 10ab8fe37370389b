import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { dataSources, uploads } from '@aimass/contracts';
import { childEnvironment } from '@aimass/platform-config';
import { pickFreePorts } from '@aimass/platform-embedded';
import { grpcClient } from '@aimass/platform-grpc';
import type { UploadsHome } from '../uploads-harness.js';

/** `nx test-servers` builds it first. */
const builtService = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const killAt = fileURLToPath(new URL('./kill-at.mjs', import.meta.url));

/** The built service as a process that ends itself, as kill -9 would, at a step. */
export class KilledService {
  private constructor(
    private readonly child: ChildProcess,
    private readonly port: number,
  ) {}

  /** `step` as in kill-at.mjs. */
  static async start(
    home: UploadsHome,
    step: string,
    settings: Readonly<Record<string, unknown>> = {},
  ): Promise<KilledService> {
    const [port = 0] = await pickFreePorts(1);
    const config = Object.entries({ ...home.config(settings), GRPC_PORT: port });
    const child = spawn(process.execPath, ['--import', killAt, builtService, step], {
      env: childEnvironment(Object.fromEntries(config.map(([name, value]) => [name, String(value)]))),
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const ended = once(child, 'exit').then(() => Promise.reject(new Error('it ended before it was ready')));
    await Promise.race([once(child, 'message'), ended]);
    ended.catch(() => undefined);
    return new KilledService(child, port);
  }

  /** Lets `work` ask the service, which may end meanwhile; resolves when it has ended by the signal. */
  async during(work: (service: KilledService) => Promise<unknown>): Promise<void> {
    const ended =
      this.child.signalCode === null ? once(this.child, 'exit') : Promise.resolve([null, 'SIGKILL']);
    await work(this).catch(() => undefined);
    const [, signal] = (await ended) as [number | null, string | null];
    if (signal !== 'SIGKILL') throw new Error('the service ended by itself');
  }

  get service() {
    const address = `127.0.0.1:${this.port}`;
    return {
      address,
      client: grpcClient(dataSources.DataSourcesServiceService, { address, name: 'data-sources' }),
    };
  }

  get uploads() {
    return grpcClient(uploads.UploadsServiceService, {
      address: `127.0.0.1:${this.port}`,
      name: 'data-sources',
    });
  }
}
