import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** A copy of a CSV file into a Parquet file. */
export interface CopyPlan {
  readonly csv: string;
  /** Overwritten. */
  readonly parquet: string;
  readonly threads: number;
}

/** What a copy took. */
export interface CopyResult {
  readonly seconds: number;
  readonly rowCount: number;
}

/** DuckDB's own copy from CSV to Parquet, as its manual has it, in a process of its own. */
export async function copyWithDuckDb(plan: CopyPlan, signal: AbortSignal): Promise<CopyResult> {
  const script = fileURLToPath(new URL('./duckdb-copy-process.js', import.meta.url));
  const child = fork(script, [JSON.stringify(plan)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const kill = () => void child.kill();
  signal.addEventListener('abort', kill, { once: true });
  try {
    return await new Promise<CopyResult>((resolve, reject) => {
      child.once('message', (message) => resolve(message as CopyResult));
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`the copying process ended with code ${String(code)}`)));
    });
  } finally {
    signal.removeEventListener('abort', kill);
    kill();
  }
}
