import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { childEnvironment } from '@aimass/platform-config';
import { pickFreePorts } from '@aimass/platform-embedded';
import { grpcClient } from '@aimass/platform-grpc';
import { builtService } from './built-project.js';
import { Caller, definition } from './training-harness.js';
import type { TrainingClient, TrainingWorld } from './training-harness.js';

/** The built service as a process that can be killed. */
export class ServiceProcess {
  readonly caller: Caller;
  /** Everything it has logged so far. */
  log = '';

  private constructor(
    private readonly child: ChildProcess,
    private readonly client: TrainingClient,
  ) {
    this.caller = new Caller(client);
    child.stdout?.on('data', (chunk: Buffer) => (this.log += chunk.toString()));
  }

  static async start(world: TrainingWorld, trainer?: string): Promise<ServiceProcess> {
    const [port = 0] = await pickFreePorts(1);
    const config = Object.entries({ ...world.config(trainer), GRPC_PORT: port, LOG_LEVEL: 'warn' });
    const env = childEnvironment(Object.fromEntries(config.map(([name, value]) => [name, String(value)])));
    const child = spawn(process.execPath, [builtService], {
      env,
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    const ended = once(child, 'exit').then(() =>
      Promise.reject(new Error('the service ended before it was ready')),
    );
    await Promise.race([once(child, 'message'), ended]);
    ended.catch(() => undefined);
    return new ServiceProcess(
      child,
      grpcClient(definition, { address: `127.0.0.1:${port}`, name: 'training' }),
    );
  }

  /** Ends the process; resolves to its exit code when it has ended, null when the signal ended it. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    this.client.close();
    if (this.child.exitCode !== null || this.child.signalCode !== null) return this.child.exitCode;
    this.child.kill(signal);
    const [code] = (await once(this.child, 'exit')) as [number | null];
    return code;
  }
}
