/** A real Postgres on 127.0.0.1, from npm, on a data folder of our own. */
import { mkdirSync, existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import pg from 'pg';
import { pickFreePorts } from '../process/ports.js';
import { ServerProcess } from '../process/server-process.js';
import { locatePostgresBinaries, type PostgresBinaries } from './postgres-binaries.js';
import {
  createCluster,
  isServerReady,
  loadCredentials,
  OWNER_ROLE,
  stopStaleServer,
  SUPERUSER,
  type PostgresCredentials,
} from './postgres-cluster.js';
import { choosePostgresUser, type PostgresUser } from './postgres-user.js';

const HOST = '127.0.0.1';

/** How to start the server. */
export interface EmbeddedPostgresOptions {
  /** The cluster's folder; created on the first start, and the caller's alone while the server runs. */
  dataDir: string;
  /** Chosen freely when absent. */
  port?: number;
  /** Created when missing. */
  databases: string[];
  /** Default true: a commit is on disk before it is answered. False only for tests: a power cut (not a kill) may corrupt the data. */
  durable?: boolean;
  /** The server's own log; default `<dataDir>.log`. */
  logFile?: string;
  /** Receives one line per noteworthy step. */
  log: (line: string) => void;
}

/** A running server. */
export interface EmbeddedPostgres {
  /** Connection URL of one of the databases, for the role that owns them (it may create more, but is no superuser). */
  url(database: string): string;
  port: number;
  /** The main process, or undefined for the moment between a crash and the restart. */
  pid(): number | undefined;
  /** Sends a signal to the main process, for fault injection; it is started again when that ends it. */
  kill(signal: NodeJS.Signals): void;
  /** Fast shutdown: open transactions are rolled back, everything committed is on disk. */
  stop(): Promise<void>;
}

/**
 * Starts Postgres on `dataDir`, creating the cluster and the databases when they are missing, and keeps it running until
 * `stop()`. A server that a killed run left on the same folder is stopped first.
 * @throws Error that says what to do; nothing is left running then.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const dataDir = resolve(options.dataDir);
  const durable = options.durable ?? true;
  const { log } = options;
  mkdirSync(dirname(dataDir), { recursive: true });
  const user = await choosePostgresUser(dirname(dataDir));
  const binaries = await locatePostgresBinaries(user.owner);
  const credentials = loadCredentials(dataDir);
  await stopStaleServer(dataDir, log);
  if (!existsSync(dataDir)) {
    log('creating the database cluster');
    await createCluster({ dataDir, password: credentials.superuser, binaries, user, durable });
  }
  const port = options.port ?? (await pickFreePorts(1))[0] ?? 0;
  const logFile = options.logFile ?? `${dataDir}.log`;
  const server = describeServer({ dataDir, port, durable, logFile, log, binaries, user });
  try {
    await server.start();
    await ensureDatabases(port, credentials, options.databases);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return {
    url: (database) =>
      `postgres://${OWNER_ROLE}:${credentials.owner}@${HOST}:${port}/${encodeURIComponent(database)}`,
    port,
    pid: () => server.pid,
    kill: (signal) => server.kill(signal),
    stop: () => server.stop(),
  };
}

interface ServerDescription {
  dataDir: string;
  port: number;
  durable: boolean;
  logFile: string;
  log: (line: string) => void;
  binaries: PostgresBinaries;
  user: PostgresUser;
}

function describeServer(description: ServerDescription): ServerProcess {
  const { dataDir, port, durable, logFile, log, binaries, user } = description;
  const settings = Object.entries(serverSettings(durable)).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ]);
  const [command = '', ...args] = [
    ...user.launcher,
    binaries.postgres,
    '-D',
    dataDir,
    '-p',
    String(port),
    ...settings,
  ];
  const server: ServerProcess = new ServerProcess({
    name: 'Postgres',
    command,
    args,
    env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' },
    ...(user.identity && { identity: user.identity }),
    logFile,
    isReady: () => isServerReady(dataDir, server.pid),
    // Recovery after a power cut replays the log first, which may take its time.
    readyDeadlineMs: 120_000,
    stopSteps: [
      { signal: 'SIGINT', waitMs: 30_000 },
      { signal: 'SIGQUIT', waitMs: 5_000 },
    ],
    prepare: () => stopStaleServer(dataDir, log),
    log,
  });
  return server;
}

/** Sized for a small machine that runs the whole platform; a large one brings its own Postgres. */
function serverSettings(durable: boolean): Record<string, string> {
  const onOff = durable ? 'on' : 'off';
  return {
    listen_addresses: HOST,
    unix_socket_directories: '',
    max_connections: '100',
    shared_buffers: '64MB',
    max_wal_size: '512MB',
    // No helper processes for work these databases do not have.
    io_method: 'sync',
    max_parallel_workers_per_gather: '0',
    max_logical_replication_workers: '0',
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_line_prefix: '%m [%p] %d ',
    fsync: onOff,
    // Stays on: without fsync it costs nothing, and a killed server then still loses no commit.
    synchronous_commit: 'on',
    full_page_writes: onOff,
  };
}

async function ensureDatabases(
  port: number,
  credentials: PostgresCredentials,
  databases: string[],
): Promise<void> {
  const client = new pg.Client({
    host: HOST,
    port,
    user: SUPERUSER,
    password: credentials.superuser,
    database: 'postgres',
  });
  client.on('error', () => undefined); // a lost connection fails the query under way, which is where it is reported
  await client.connect();
  try {
    const roles = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [OWNER_ROLE]);
    if (roles.rowCount === 0) {
      const password = client.escapeLiteral(credentials.owner);
      await client.query(`CREATE ROLE ${OWNER_ROLE} LOGIN CREATEDB PASSWORD ${password}`);
    }
    const existing = await client.query<{ datname: string }>('SELECT datname FROM pg_database');
    const names = new Set(existing.rows.map(({ datname }) => datname));
    for (const database of databases.filter((each) => !names.has(each))) {
      await client.query(`CREATE DATABASE ${client.escapeIdentifier(database)} OWNER ${OWNER_ROLE}`);
    }
  } finally {
    await client.end();
  }
}
