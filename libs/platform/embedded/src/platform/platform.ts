/** The whole platform on this machine: Postgres, NATS and every service, from one call. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { assertPortFree, pickFreePorts } from '../process/ports.js';
import { Supervisor, type SupervisorEvent } from '../supervisor/supervisor.js';
import { loadAdminKey } from './admin-key.js';
import { loadSecretsKeys } from './secrets-keys.js';
import { Replicas, type RunningReplica } from './replicas.js';
import { lockHome, prepareHome } from './home-folder.js';
import { startServersIn, type RunningServers, type ServersOptions } from './servers.js';
import {
  assertBuilt,
  DATABASES,
  findRepositoryRoot,
  serviceEntry,
  serviceEnvironment,
  SERVICES,
  stopOrder,
  type ServiceName,
  type ServiceSetting,
} from './services.js';

/** How to start the platform. */
export interface PlatformOptions {
  /** Everything the platform keeps lies below this folder. */
  home: string;
  /** The gateway's HTTP port; chosen freely when absent. */
  port?: number;
  /** Inference replicas; default 1. */
  replicas?: number;
  /** A NATS server the user runs; then none is started. */
  natsUrl?: string;
  /** Default: the key kept in the home, made up on the first start. */
  adminKey?: string;
  /** Receives every log line of the services. */
  echoLogs?: (line: string) => void;
  /** Default true; false (for tests) is faster and may lose data in a power cut. */
  durable?: boolean;
  /** One line per step, for the user. */
  onProgress: (line: string) => void;
  /** Crashes and restarts; default: reported through onProgress. */
  onEvent?: (event: SupervisorEvent) => void;
  /** The caller's environment, which the processes inherit (PATH and the like). */
  env: NodeJS.ProcessEnv;
  /** Set for every service, over everything else. */
  extraEnv?: Record<string, string>;
  /** Default `info`. */
  logLevel?: string;
  /** See findNatsServer. */
  nats?: ServersOptions['nats'];
  /** The folder that holds apps/ and trainers/; default: the repository this file lies in. */
  root?: string;
  /** Ends the boot, which then throws; everything started so far is stopped. */
  signal?: AbortSignal;
}

/** A running platform. */
export interface RunningPlatform {
  gatewayUrl: string;
  adminKey: string;
  home: string;
  logDir: string;
  services: Record<ServiceName, { pid: number; grpcPort: number }>;
  /** The inference replicas, in the order they were started. */
  replicas(): RunningReplica[];
  /** Starts one more inference replica; gateways find it by themselves. */
  addReplica(): Promise<RunningReplica>;
  /** Drains and stops an inference replica. */
  removeReplica(name: string): Promise<void>;
  /** Resident memory in MB per process, by service name, `postgres` (all its processes) and `nats`. */
  memory(): Record<string, number>;
  bootSeconds: number;
  /** Drains and stops everything, the gateway first; the home stays. Safe to call twice. */
  stop(): Promise<void>;
  /** Like stop, but the services are not asked to drain (second Ctrl-C). What was accepted stays on disk. */
  kill(): Promise<void>;
  /**
   * Fault injection: sends a signal to a service, a replica, `postgres` or `nats`; what dies of it is started again.
   */
  killService(name: ServiceName | 'postgres' | 'nats' | (string & {}), signal: NodeJS.Signals): void;
}

/**
 * Starts everything and waits until all services are ready.
 * @throws Error that says what to do (home not writable or in use, port taken, nats-server missing, not built, or a
 * service that does not start, with the end of its log); nothing is left running then.
 */
export async function startPlatform(options: PlatformOptions): Promise<RunningPlatform> {
  const startedAt = performance.now();
  const root = options.root ?? findRepositoryRoot();
  if (options.port !== undefined) await assertPortFree(options.port);
  assertBuilt(root);
  const home = prepareHome(options.home);
  const release = lockHome(home);
  const undo: Undo[] = [release];
  try {
    const platform = await boot({ ...options, home }, root, undo);
    platform.bootSeconds = Math.round(performance.now() - startedAt) / 1000;
    return platform;
  } catch (error) {
    await undoAll(undo);
    throw error;
  }
}

type Undo = () => Promise<void> | void;

/** Takes back in reverse order; a step that fails does not keep the others from running. */
async function undoAll(steps: Undo[]): Promise<void> {
  const errors: unknown[] = [];
  for (const step of steps.reverse()) {
    try {
      await step();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}

async function boot(options: PlatformOptions, root: string, undo: Undo[]) {
  const { home, onProgress, signal } = options;
  for (const folder of ['blobs', 'spool', 'cache', 'training', 'logs'])
    mkdirSync(join(home, folder), { recursive: true });
  onProgress('starting Postgres and NATS');
  const servers = await startServersIn(home, { ...options, databases: DATABASES, log: onProgress });
  undo.push(() => servers.stop());
  signal?.throwIfAborted();
  const supervisor = createSupervisor(options);
  const abort = () => supervisor.killAll();
  signal?.addEventListener('abort', abort, { once: true });
  const setting = await describeSetting(options, root, servers);
  const replicas = new Replicas(supervisor, setting);
  undo.push(() => supervisor.stopAll(stopOrder(replicas.list().map(({ name }) => name))));
  onProgress(`starting ${SERVICES.length} services`);
  await startServices(supervisor, setting, onProgress).catch((error: unknown) => {
    signal?.throwIfAborted(); // what the interruption broke is not the reason
    throw error;
  });
  for (let count = 1; count < (options.replicas ?? 1); count++) {
    onProgress(`${(await replicas.add()).name} is ready`);
  }
  signal?.throwIfAborted();
  signal?.removeEventListener('abort', abort);
  return describePlatform(setting, { servers, supervisor, replicas }, undo);
}

function createSupervisor({ home, echoLogs, onProgress, onEvent }: PlatformOptions): Supervisor {
  return new Supervisor({
    logDir: join(home, 'logs'),
    ...(echoLogs && { echo: echoLogs }),
    onEvent: onEvent ?? ((event) => onProgress(describeEvent(event))),
  });
}

async function describeSetting(
  options: PlatformOptions,
  root: string,
  servers: RunningServers,
): Promise<ServiceSetting> {
  const ports = await pickFreePorts(SERVICES.length + 2);
  const grpcPorts = Object.fromEntries(
    SERVICES.map(({ name }, index) => [name, ports[index]]),
  ) as ServiceSetting['grpcPorts'];
  return {
    home: options.home,
    root,
    natsUrl: servers.natsUrl,
    databaseUrl: (database) => servers.databaseUrl(database),
    grpcPorts,
    httpPort: options.port ?? ports[SERVICES.length] ?? 0,
    firstReplica: { grpcPort: grpcPorts.inference, httpPort: ports[SERVICES.length + 1] ?? 0 },
    adminKey: options.adminKey ?? loadAdminKey(options.home),
    secretsKeys: loadSecretsKeys(options.home),
    logLevel: options.logLevel ?? 'info',
    inherited: options.env,
    extra: options.extraEnv ?? {},
  };
}

/** All at once: each waits by itself for the peers it needs. The first failure is the one reported. */
async function startServices(
  supervisor: Supervisor,
  setting: ServiceSetting,
  onProgress: (line: string) => void,
) {
  await Promise.all(
    SERVICES.map(async (service) => {
      const { name } = service;
      await supervisor.start({
        name,
        entry: serviceEntry(setting.root, name),
        env: serviceEnvironment(service, setting),
      });
      onProgress(`${name} is ready`);
    }),
  );
}

function describePlatform(
  { home, httpPort, adminKey, grpcPorts }: ServiceSetting,
  { servers, supervisor, replicas }: { servers: RunningServers; supervisor: Supervisor; replicas: Replicas },
  undo: Undo[],
): RunningPlatform {
  let stopped: Promise<void> | undefined;
  const stop = () => (stopped ??= undoAll(undo));
  return {
    bootSeconds: 0,
    gatewayUrl: `http://127.0.0.1:${httpPort}`,
    adminKey,
    home,
    logDir: join(home, 'logs'),
    get services() {
      const pids = supervisor.pids();
      const entries = SERVICES.map(({ name }) => [
        name,
        { pid: pids[name]?.pid ?? 0, grpcPort: grpcPorts[name] },
      ]);
      return Object.fromEntries(entries) as RunningPlatform['services'];
    },
    replicas: () => replicas.list(),
    addReplica: () => replicas.add(),
    removeReplica: (name) => replicas.remove(name),
    memory: () => {
      const services = Object.entries(supervisor.pids()).map(([name, { rssMb }]) => [name, rssMb] as const);
      return { ...Object.fromEntries(services), ...servers.memory() };
    },
    stop,
    kill: () => {
      supervisor.killAll();
      return stop();
    },
    killService: (name, signal) => {
      if (name === 'postgres') servers.postgres.kill(signal);
      else if (name === 'nats') servers.nats?.kill(signal);
      else supervisor.kill(name, signal);
    },
  };
}

function describeEvent(event: SupervisorEvent): string {
  switch (event.type) {
    case 'crashed':
      return `${event.name} ended with ${event.exit.signal ?? `code ${event.exit.code}`}; restarting in ${event.restartInMs} ms`;
    case 'restarted':
      return `${event.name} is back (process ${event.pid})`;
    case 'restart-failed':
      return event.error.message;
  }
}
