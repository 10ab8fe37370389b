import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dataSources, Envelope, EVENTS, training } from '@aimass/contracts';
import type { EventSubject, trainingEvents } from '@aimass/contracts';
import { FsBlobStore } from '@aimass/platform-blobs';
import { DomainError } from '@aimass/platform-errors';
import type { GrpcClient } from '@aimass/platform-grpc';
import {
  createTestDatabase,
  eventually,
  startFakePeer,
  startServiceUnderTest,
  testNatsUrl,
} from '@aimass/testing';
import type { FakePeer, ServiceUnderTest } from '@aimass/testing';
import { Client } from 'pg';
import { AppModule } from '../src/app.module.js';
import type { Config } from '../src/config.js';
import { ProcessRunner } from '../src/runners/process-runner.js';

export const definition = training.TrainingServiceService;
export type TrainingClient = GrpcClient<typeof definition>;
export const scriptedTrainer = fileURLToPath(new URL('./fixtures/scripted-trainer.mjs', import.meta.url));
export const organizationId = `org_${randomUUID()}`;
const FINAL: string[] = [training.JobState.SUCCEEDED, training.JobState.FAILED, training.JobState.CANCELLED];

/** A dataset version to train on: its columns and the Parquet file of each part. */
export interface TestData {
  readonly columns: Readonly<Record<string, dataSources.ColumnType>>;
  readonly parts: Readonly<Record<string, Buffer>>;
}

/** Everything around the service: database, blobs, work folder, and a data-sources that knows the splits it is told. */
export class TrainingWorld {
  readonly blobs: FsBlobStore;
  readonly workDir: string;
  private readonly splits = new Map<string, dataSources.GetSplitResponse>();
  private peer: FakePeer | undefined;

  private constructor(
    private readonly dir: string,
    readonly databaseUrl: string,
  ) {
    this.blobs = new FsBlobStore(join(dir, 'blobs'));
    this.workDir = join(dir, 'work');
  }

  static async create(): Promise<TrainingWorld> {
    const world = new TrainingWorld(await mkdtemp(join(tmpdir(), 'training-')), await createTestDatabase());
    world.peer = await startFakePeer(dataSources.DataSourcesServiceService, {
      getSplit: ({ organizationId: asking, splitId }) => {
        const known = asking === organizationId ? world.splits.get(splitId) : undefined;
        const absent = new DomainError(
          'not_found',
          'data_sources.split_not_found',
          `There is no split "${splitId}".`,
        );
        return known ? Promise.resolve(known) : Promise.reject(absent);
      },
    });
    return world;
  }

  async remove(): Promise<void> {
    this.peer?.stop();
    // A test that failed may have left trainers behind.
    const runner = new ProcessRunner(this.blobs, {
      workDir: this.workDir,
      command: [],
      tensorflowBackend: 'tfjs',
    });
    for (const { jobId } of await runner.list()) await runner.discard(jobId);
    await rm(this.dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }

  config(trainer = scriptedTrainer): Omit<Config, 'GRPC_PORT'> {
    return {
      GRPC_HOST: '127.0.0.1',
      LOG_LEVEL: 'silent',
      NATS_URL: testNatsUrl(),
      DATABASE_URL: this.databaseUrl,
      DATABASE_POOL_SIZE: 6,
      BLOB_DIR: join(this.dir, 'blobs'),
      DATA_SOURCES_URL: this.peer?.address ?? '',
      WORK_DIR: this.workDir,
      BUILTIN_TRAINER: trainer,
      MAX_RUNNING_JOBS: 2,
      LEASE_SECONDS: 3,
      CANCEL_GRACE_SECONDS: 1,
      TENSORFLOW_BACKEND: 'tfjs',
    };
  }

  startService(changes: Partial<Config> = {}): Promise<ServiceUnderTest<typeof definition>> {
    return startServiceUnderTest(definition, (GRPC_PORT) =>
      AppModule.with({ ...this.config(), ...changes, GRPC_PORT }),
    );
  }

  /** Makes a split of some data known. Returns its id. */
  async addSplit(data: TestData): Promise<string> {
    const splitId = `spl_${randomUUID()}`;
    const parts = await Promise.all(
      Object.entries(data.parts).map(async ([name, content]) => {
        const { sha256, sizeBytes } = await this.blobs.put(content);
        return { name, sha256, sizeBytes: String(sizeBytes), rowCount: '3' };
      }),
    );
    const columns = Object.entries(data.columns).map(([name, type]) =>
      dataSources.Column.fromPartial({ name, type }),
    );
    this.splits.set(splitId, {
      split: dataSources.Split.fromPartial({ id: splitId, datasetVersionId: 'dsv_1', parts }),
      version: dataSources.DatasetVersion.fromPartial({ id: 'dsv_1', columns }),
    });
    return splitId;
  }

  /** Takes a blob away, as a broken disk would. */
  async removeBlob(content: Buffer): Promise<void> {
    const { sha256 } = await this.blobs.put(content);
    await rm(join(this.dir, 'blobs', sha256.slice(0, 2), sha256));
  }

  /** A file below the root of a job's run. */
  rootFile(jobId: string, run: number, ...path: string[]): string {
    return join(this.workDir, jobId, String(run), 'ml', ...path);
  }

  /** Lets a trainer that waits go on. */
  async tellToGo(jobId: string, run = 1): Promise<void> {
    await writeFile(this.rootFile(jobId, run, 'go'), '');
  }

  /** Pid of the guard of a run, which leads the trainer's process group. */
  async guardPid(jobId: string, run: number): Promise<number> {
    const text = await readFile(join(this.workDir, jobId, String(run), 'guard'), 'utf8');
    return Number(text.split('\n')[0]);
  }

  /** Whether nothing is left of the job in the work folder. */
  isSwept(jobId: string): boolean {
    return !existsSync(join(this.workDir, jobId));
  }

  /** Events of a job in the outbox, with their subjects. */
  async eventsOf(jobId: string): Promise<{ subject: string; event: trainingEvents.JobSucceeded }[]> {
    const rows = await this.query<{ subject: EventSubject; envelope: Buffer }>(
      'SELECT subject, envelope FROM outbox WHERE aggregate_id = $1 ORDER BY id',
      [jobId],
    );
    return rows.map(({ subject, envelope }) => ({
      subject,
      event: EVENTS[subject].decode(Envelope.decode(envelope).data) as trainingEvents.JobSucceeded,
    }));
  }

  async query<T extends object>(sql: string, values: unknown[] = []): Promise<T[]> {
    const client = new Client({ connectionString: this.databaseUrl });
    await client.connect();
    try {
      return (await client.query<T>(sql, values)).rows;
    } finally {
      await client.end();
    }
  }
}

/** Talks to a training service as one organization. */
export class Caller {
  constructor(private readonly client: TrainingClient) {}

  async create(splitId: string, hyperparameters: Record<string, string>, requestId = ''): Promise<string> {
    const output = { model: 'faithful', alias: 'production' };
    const algorithm = 'linear-regression';
    const request = { organizationId, requestId, algorithm, splitId, hyperparameters, output };
    return (await this.client.createJob(request)).job?.id ?? '';
  }

  async get(jobId: string): Promise<training.Job> {
    const { job } = await this.client.getJob({ organizationId, jobId });
    if (!job) throw new Error('no job in the answer');
    return job;
  }

  /** The job once it has finished. */
  finished(jobId: string, timeoutMs = 30_000): Promise<training.Job> {
    return eventually(async () => {
      const job = await this.get(jobId);
      return FINAL.includes(job.state) ? job : undefined;
    }, timeoutMs);
  }

  /** The job once its trainer has reported this many points. */
  training(jobId: string, pointCount = 3): Promise<training.Job> {
    return eventually(async () =>
      (await this.points(jobId)).length >= pointCount ? this.get(jobId) : undefined,
    );
  }

  async points(jobId: string): Promise<training.MetricPoint[]> {
    return (await this.client.listJobMetrics({ organizationId, jobId, afterSequence: '0' })).items;
  }

  async log(jobId: string): Promise<string> {
    return (await this.client.getJobLogs({ organizationId, jobId })).text;
  }

  cancel(jobId: string): Promise<unknown> {
    return this.client.cancelJob({ organizationId, jobId });
  }
}

/** Whether a process group has a member that runs; those that wait to be buried do not count. */
export function isGroupAlive(group: number): boolean {
  const lines = execFileSync('ps', ['-axo', 'pgid=,state='], { encoding: 'utf8' }).split('\n');
  const members = lines.map((line) => line.trim().split(/\s+/)).filter(([pgid]) => Number(pgid) === group);
  return members.some(([, state = '']) => !state.startsWith('Z'));
}
