import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { DuckDBConnection } from '@duckdb/node-api';
import { quoteText } from './sql.js';
import { tableTooLarge } from './tables.errors.js';

/** What one operation may use. */
export interface DuckDbLimits {
  readonly TABLE_MEMORY_MB: number;
  readonly TABLE_THREADS: number;
}

/**
 * Runs `work` on a fresh in-memory database that sees no file outside `folder`, loads no extension, and spills into
 * `folder`. Throws `too_large` when the limits do not suffice. Queries under way fail when `signal` aborts.
 */
export async function withDuckDb<T>(
  folder: string,
  limits: DuckDbLimits,
  work: (connection: DuckDBConnection) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: `${limits.TABLE_MEMORY_MB}MB`,
    threads: String(limits.TABLE_THREADS),
    temp_directory: join(folder, 'spill'),
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
  });
  try {
    const connection = await instance.connect();
    const interrupt = (): void => connection.interrupt();
    signal?.addEventListener('abort', interrupt, { once: true });
    try {
      signal?.throwIfAborted();
      await connection.run(`SET allowed_directories = [${quoteText(`${folder}/`)}]`);
      await connection.run('SET enable_external_access = false');
      await connection.run(`SET TimeZone = 'UTC'`);
      return await work(connection);
    } finally {
      signal?.removeEventListener('abort', interrupt);
      connection.closeSync();
    }
  } catch (error) {
    throw error instanceof Error && /^Out of Memory Error/.test(error.message) ? tableTooLarge(error) : error;
  } finally {
    instance.closeSync();
  }
}
