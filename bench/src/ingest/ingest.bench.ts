import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bench, BenchOptions } from '../bench.js';
import { BenchPlatform } from '../platform/bench-platform.js';
import { writeCsvFile } from './csv-file.js';
import { copyWithDuckDb } from './duckdb-copy.js';
import { formatIngest, summarizeIngest } from './ingest-report.js';
import type { IngestRound } from './ingest-report.js';

const DEFAULT_MEGABYTES = 1000;
/** What data-sources gives a table operation unless told otherwise (TABLE_THREADS). */
const THREADS = 2;
const SAMPLE_MS = 50;
/** A large file on a busy machine takes its time. */
const IMPORT_PATIENCE_MS = 1_800_000;

/** How fast a CSV file becomes a version with statistics. */
export const ingestBench: Bench = {
  title: "import of a CSV file with statistics and checks, beside DuckDB's own copy to Parquet",
  defaults: { rounds: 3, seconds: 1 },
  run: runIngestBench,
};

/** As the gateway shows it. */
interface SyncJson {
  readonly id: string;
  readonly state: string;
  readonly error?: { readonly message: string };
  readonly startedAt?: string;
  readonly finishedAt?: string;
  readonly importedRows?: string;
}

interface Ingest {
  readonly platform: BenchPlatform;
  readonly csv: string;
  readonly parquet: string;
  readonly uploadId: string;
}

async function runIngestBench(options: BenchOptions): Promise<object> {
  const { say, signal } = options;
  const megabytes = options.megabytes ?? DEFAULT_MEGABYTES;
  const folder = await mkdtemp(join(tmpdir(), 'aimass-bench-ingest-'));
  const csv = join(folder, 'table.csv');
  try {
    say(`writing a CSV file of ${megabytes} MB`);
    await writeCsvFile(csv, megabytes * 1_000_000);
    const platform = await BenchPlatform.start(options);
    try {
      const startedAt = performance.now();
      const upload = await platform.api.uploadFile<{ id: string }>(csv, 'text/csv');
      const uploadSeconds = (performance.now() - startedAt) / 1000;
      say(
        `uploaded through the gateway in ${uploadSeconds.toFixed(1)} s; ${THREADS} threads for both from here on`,
      );
      const ingest = { platform, csv, parquet: join(folder, 'table.parquet'), uploadId: upload.id };
      const rounds: IngestRound[] = [];
      while (rounds.length < options.rounds)
        rounds.push(await measureRound(ingest, rounds.length, { say, signal }));
      for (const line of formatIngest(rounds)) say(line);
      return {
        bench: 'ingest',
        megabytes,
        threads: THREADS,
        rounds: rounds.length,
        uploadSeconds,
        ...summarizeIngest(rounds),
      };
    } finally {
      await platform.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measureRound(
  { platform, csv, parquet, uploadId }: Ingest,
  index: number,
  { say, signal }: Pick<BenchOptions, 'say' | 'signal'>,
): Promise<IngestRound> {
  const copied = await copyWithDuckDb({ csv, parquet, threads: THREADS }, signal);
  const memory = watchMemory(platform);
  const sync = await importUpload(platform, `ingest-${index}`, uploadId);
  const peakMemoryMb = memory.stop();
  if (Number(sync.importedRows) !== copied.rowCount) {
    throw new Error(`${sync.importedRows ?? '0'} rows were imported but DuckDB copied ${copied.rowCount}.`);
  }
  const importSeconds = (Date.parse(sync.finishedAt ?? '') - Date.parse(sync.startedAt ?? '')) / 1000;
  say(
    `round ${index + 1}: DuckDB ${copied.seconds.toFixed(2)} s, import ${importSeconds.toFixed(2)} s, ${peakMemoryMb} MB`,
  );
  return { duckDbSeconds: copied.seconds, importSeconds, peakMemoryMb };
}

/** Makes a dataset of the upload and waits for the sync that does it. */
async function importUpload({ api }: BenchPlatform, name: string, uploadId: string): Promise<SyncJson> {
  const answer = await api.post<SyncJson & { version?: { syncId: string } }>('/datasets', { name, uploadId });
  const id = answer.version?.syncId ?? answer.id;
  const sync = await api.until(
    'an import',
    async () => {
      const found = await api.get<SyncJson>(`/api/v1/syncs/${id}`);
      return found.finishedAt === undefined ? undefined : found;
    },
    IMPORT_PATIENCE_MS,
  );
  if (sync.state !== 'SYNC_STATE_SUCCEEDED')
    throw new Error(`The import ended as ${sync.state}: ${sync.error?.message ?? ''}`);
  return sync;
}

/** The most that data-sources holds from now on, in MB. */
function watchMemory(platform: BenchPlatform): { stop(): number } {
  const read = () => platform.running.memory()['data-sources'] ?? 0;
  let most = read();
  const timer = setInterval(() => (most = Math.max(most, read())), SAMPLE_MS);
  return {
    stop: () => {
      clearInterval(timer);
      return Math.round(Math.max(most, read()));
    },
  };
}
