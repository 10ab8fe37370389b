/** Postgres and NATS together: what the services need, and what tests of one service need. */
import { join } from 'node:path';
import { findNatsServer, type FindNatsOptions } from '../nats/find-nats-server.js';
import { startNatsServer, type NatsServer } from '../nats/start-nats-server.js';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../postgres/embedded-postgres.js';
import { processTree, residentMb } from '../process/process-info.js';
import { lockHome, prepareHome } from './home-folder.js';

/** How to start the servers. */
export interface ServersOptions {
  /** Holds everything: `<dir>/postgres`, `<dir>/nats` and their logs. */
  dir: string;
  /** Created when missing; default none. */
  databases?: string[];
  /** Default true; false (for tests) is faster and may lose data in a power cut. */
  durable?: boolean;
  /** A NATS server the user runs; then none is started. */
  natsUrl?: string;
  /** The caller's environment: where nats-server is looked for and built. */
  env: NodeJS.ProcessEnv;
  /** See findNatsServer. */
  nats?: Pick<FindNatsOptions, 'cacheDir' | 'ways'>;
  /** Ends the installation of nats-server, the one step that can take long. */
  signal?: AbortSignal;
  /** Default: dropped. */
  log?: (line: string) => void;
}

/** The running servers. */
export interface RunningServers {
  postgres: EmbeddedPostgres;
  /** Connection URL of a database. */
  databaseUrl(database: string): string;
  natsUrl: string;
  /** Undefined when the user runs NATS. */
  nats: NatsServer | undefined;
  /** Resident memory in MB per server (Postgres with all its processes). */
  memory(): Record<string, number>;
  stop(): Promise<void>;
}

/**
 * Starts Postgres and NATS on `dir`, which they hold until `stop()`.
 * @throws Error that says what to do; nothing is left running then.
 */
export async function startServers(options: ServersOptions): Promise<RunningServers> {
  const dir = prepareHome(options.dir);
  const release = lockHome(dir);
  try {
    const servers = await startServersIn(dir, options);
    const stop = async () => {
      await servers.stop();
      release();
    };
    return { ...servers, stop };
  } catch (error) {
    release();
    throw error;
  }
}

/** The same for a folder the caller has prepared and locked. */
export async function startServersIn(
  dir: string,
  options: Omit<ServersOptions, 'dir'>,
): Promise<RunningServers> {
  const { durable = true, databases = [], log = () => undefined } = options;
  const started = await Promise.allSettled([
    startEmbeddedPostgres({ dataDir: join(dir, 'postgres'), databases, durable, log }),
    options.natsUrl === undefined ? startNats(dir, options) : Promise.resolve(undefined),
  ] as const);
  const [postgres, nats] = started;
  if (postgres.status === 'rejected' || nats.status === 'rejected') {
    await Promise.all(started.map(async (each) => each.status === 'fulfilled' && (await each.value?.stop())));
    throw [postgres, nats].find((each) => each.status === 'rejected')?.reason;
  }
  return combine(postgres.value, nats.value, options.natsUrl);
}

async function startNats(dir: string, options: Omit<ServersOptions, 'dir'>): Promise<NatsServer> {
  const { durable = true, log = () => undefined, env, nats = {}, signal } = options;
  const found = await findNatsServer({ ...nats, env, log, ...(signal && { signal }) });
  return startNatsServer({
    binary: found.binary,
    storeDir: join(dir, 'nats'),
    durable: durable && !found.belowFloor,
    log,
  });
}

function combine(
  postgres: EmbeddedPostgres,
  nats: NatsServer | undefined,
  natsUrl: string | undefined,
): RunningServers {
  return {
    postgres,
    nats,
    databaseUrl: (database) => postgres.url(database),
    natsUrl: nats?.url ?? natsUrl ?? '',
    memory: () => {
      const postgresPid = postgres.pid();
      const natsPid = nats?.pid();
      return {
        ...(postgresPid !== undefined && { postgres: residentMb(processTree(postgresPid)) }),
        ...(natsPid !== undefined && { nats: residentMb([natsPid]) }),
      };
    },
    stop: async () => {
      const stopped = await Promise.allSettled([postgres.stop(), nats?.stop()]);
      const failed = stopped.find((each) => each.status === 'rejected');
      if (failed) throw failed.reason;
    },
  };
}
