import { spawn, type ChildProcess } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { childEnvironment } from '@aimass/platform-config';
import { DuckDBInstance } from '@duckdb/node-api';

const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));

/** How a run of the trainer ended. */
export interface Ended {
  code: number | null;
  /** Parsed lines of stdout. */
  lines: Record<string, unknown>[];
  log: string;
}

export interface Running {
  child: ChildProcess;
  /** Resolves when stdout holds the text. */
  printed(text: string): Promise<void>;
  ended: Promise<Ended>;
}

/** A private `/opt/ml` with data made by SQL. */
export class MlRoot {
  readonly path = mkdtempSync(join(tmpdir(), 'ml-root-'));

  private readonly children: ChildProcess[] = [];

  /** Ends what still runs, and removes the folder. */
  remove(): void {
    for (const child of this.children) child.kill('SIGKILL');
    rmSync(this.path, { recursive: true, force: true });
  }

  /** Writes a channel's Parquet file from a query. */
  async channel(name: string, sql: string): Promise<void> {
    const folder = join(this.path, 'input', 'data', name);
    mkdirSync(folder, { recursive: true });
    const instance = await DuckDBInstance.create();
    const connection = await instance.connect();
    await connection.run(`COPY (${sql}) TO '${join(folder, 'part-0.parquet')}' (FORMAT parquet)`);
    connection.closeSync();
    instance.closeSync();
  }

  start(hyperparameters: Record<string, string>): Running {
    const folder = join(this.path, 'input', 'config');
    mkdirSync(folder, { recursive: true });
    const all = { algorithm: 'linear-regression', target: 'waiting', ...hyperparameters };
    writeFileSync(join(folder, 'hyperparameters.json'), JSON.stringify(all));
    const child = spawn(process.execPath, [program], {
      env: childEnvironment({ AIMASS_ML_ROOT: this.path, TENSORFLOW_BACKEND: 'tfjs' }),
    });
    this.children.push(child);
    let [output, log] = ['', ''];
    child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const printed = (text: string): Promise<void> =>
      new Promise((resolve) => {
        const look = (): void => {
          if (output.includes(text)) resolve();
        };
        child.stdout.on('data', look);
        look();
      });
    const ended = new Promise<Ended>((resolve) => {
      child.on('close', (code) => {
        const lines = output.trim().split('\n').filter(Boolean);
        resolve({ code, log, lines: lines.map((line) => JSON.parse(line) as Record<string, unknown>) });
      });
    });
    return { child, printed, ended };
  }

  run(hyperparameters: Record<string, string> = {}): Promise<Ended> {
    return this.start(hyperparameters).ended;
  }

  read(...path: string[]): string {
    return readFileSync(join(this.path, ...path), 'utf8');
  }

  /** Names in a folder; none when it is absent. */
  list(...path: string[]): string[] {
    const folder = join(this.path, ...path);
    return existsSync(folder) ? readdirSync(folder).sort() : [];
  }
}
