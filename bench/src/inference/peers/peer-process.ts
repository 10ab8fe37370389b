import { spawn, type ChildProcess } from 'node:child_process';
import { openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { childEnvironment } from '@aimass/platform-config';
import { describeError } from '../describe-error.js';
import { lastLines } from './python-environment.js';
import { listProcessTree, signalAll } from './process-tree.js';

/** How to start a peer. */
export interface PeerProcessOptions {
  readonly name: string;
  readonly python: string;
  /** `bench/peers`. */
  readonly peersDir: string;
  readonly workDir: string;
  readonly env: Readonly<Record<string, string>>;
}

const STOP_LIMIT_MS = 10_000;
const POLL_MS = 100;

/** The processes of one peer: its `server.py` and whatever that starts. */
export class PeerProcess {
  private readonly child: ChildProcess;
  private readonly log: string;
  private readonly ended: Promise<void>;
  private gone = false;

  constructor({ name, python, peersDir, workDir, env }: PeerProcessOptions) {
    this.log = join(workDir, `${name}.log`);
    const output = openSync(this.log, 'w');
    this.child = spawn(python, [join(peersDir, name, 'server.py')], {
      cwd: workDir,
      env: childEnvironment({
        ...env,
        WORK_DIR: workDir,
        PYTHONPATH: join(peersDir, 'shared'),
        // Peers call programs of their environment by name.
        PATH: [join(python, '..'), childEnvironment({})['PATH'] ?? ''].join(delimiter),
        // A math library with threads of its own would take the second core from the load.
        OMP_NUM_THREADS: '1',
      }),
      stdio: ['ignore', output, output],
    });
    this.ended = new Promise((resolve) => {
      const end = () => {
        this.gone = true;
        resolve();
      };
      this.child.once('exit', end);
      this.child.once('error', end);
    });
  }

  /** Repeats `attempt` until it succeeds. Throws when the peer ends before or takes too long, with the end of its log. */
  async untilReady(attempt: () => Promise<unknown>, limitMs: number, signal: AbortSignal): Promise<void> {
    const deadline = performance.now() + limitMs;
    for (;;) {
      try {
        await attempt();
        return;
      } catch (error) {
        signal.throwIfAborted();
        if (this.gone) throw new Error(`it ended at start: ${await this.readLog()}`, { cause: error });
        if (performance.now() > deadline) {
          const why = `it did not answer in ${limitMs / 1000} s (${describeError(error)})`;
          throw new Error(`${why}: ${await this.readLog()}`, { cause: error });
        }
      }
      await delay(POLL_MS, undefined, { signal });
    }
  }

  async signal(signal: NodeJS.Signals): Promise<void> {
    if (this.child.pid !== undefined && !this.gone) {
      signalAll(await listProcessTree(this.child.pid), signal);
    }
  }

  /** Asks it to end, and ends whatever is left of it after ten seconds. */
  async stop(): Promise<void> {
    if (this.gone || this.child.pid === undefined) return;
    // What is noted now can be ended later, also when its parent has gone and it belongs to nobody.
    const tree = await listProcessTree(this.child.pid);
    signalAll(tree, 'SIGCONT');
    this.child.kill('SIGTERM');
    await Promise.race([this.ended, delay(STOP_LIMIT_MS)]);
    signalAll(tree, 'SIGKILL');
    await this.ended;
  }

  private async readLog(): Promise<string> {
    return lastLines((await readFile(this.log, 'utf8')).trim().split('\n'));
  }
}
