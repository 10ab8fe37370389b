import { spawn, spawnSync } from 'node:child_process';
import { childEnvironment } from '@aimass/platform-config';

export interface CommandOptions {
  cwd?: string;
  /** The command is killed, and counts as failed, after this long. */
  deadlineSeconds: number;
  /** Folders put in front of PATH. */
  path?: string[];
}

/** Runs a command to its end; resolves to its output, rejects with the last lines when it fails or is too slow. */
export function runCommand(command: string, args: string[], options: CommandOptions): Promise<string> {
  const environment = childEnvironment({});
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...environment, PATH: [...(options.path ?? []), environment.PATH].join(':') },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let output = '';
    const collect = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-20_000);
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    const timer = setTimeout(() => stopGroup(child.pid), options.deadlineSeconds * 1000);
    const stopWithUs = (): void => stopGroup(child.pid);
    process.once('exit', stopWithUs);
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      process.removeListener('exit', stopWithUs);
      if (code === 0) return resolve(output);
      const end = signal === null ? `exit code ${code}` : `stopped after ${options.deadlineSeconds} s`;
      reject(new Error(`${end}${lastLines(output)}`));
    });
  });
}

/** The first of the commands that answers `--version`. */
export function findCommand(candidates: string[]): string | undefined {
  return candidates.find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0);
}

/** The command may have children of its own (a compiler, a download), hence the whole process group. */
function stopGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // it has ended by itself
  }
}

/** The lines that name an error, else the last ones. */
function lastLines(output: string): string {
  const lines = output
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  const errors = lines.filter((line) => /\berror\b/i.test(line));
  const chosen = (errors.length > 0 ? errors : lines).slice(-3);
  return chosen.length === 0 ? '' : `: ${chosen.join(' | ')}`;
}
