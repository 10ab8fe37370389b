/** A nats-server with JetStream on 127.0.0.1, on a store folder of our own. */
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { pickFreePorts } from '../process/ports.js';
import { inspectProcess } from '../process/process-info.js';
import { ServerProcess } from '../process/server-process.js';
import { terminate, type StopStep } from '../process/terminate.js';

const HOST = '127.0.0.1';
const STOP_STEPS: StopStep[] = [
  { signal: 'SIGTERM', waitMs: 15_000 },
  { signal: 'SIGKILL', waitMs: 5_000 },
];

/** How to start the server. */
export interface NatsServerOptions {
  /** The program (see findNatsServer). */
  binary: string;
  /** JetStream's folder, with the configuration beside the data; the caller's alone while the server runs. */
  storeDir: string;
  /** Chosen freely when absent. */
  port?: number;
  /** Default true: a message is on disk before it is acknowledged. Needs 2.10 or newer. */
  durable?: boolean;
  /** The server's own log; default `<storeDir>.log`. */
  logFile?: string;
  log: (line: string) => void;
}

/** A running server. */
export interface NatsServer {
  url: string;
  port: number;
  /** Undefined for the moment between a crash and the restart. */
  pid(): number | undefined;
  /** Sends a signal, for fault injection; the server is started again when that ends it. */
  kill(signal: NodeJS.Signals): void;
  /** Closes the connections, flushes the streams and waits for the exit. */
  stop(): Promise<void>;
}

/**
 * Starts nats-server and keeps it running until `stop()`. A server that a killed run left on the same store is stopped
 * first.
 * @throws Error with the end of the server's log; nothing is left running then.
 */
export async function startNatsServer(options: NatsServerOptions): Promise<NatsServer> {
  const storeDir = resolve(options.storeDir);
  const { log } = options;
  mkdirSync(storeDir, { recursive: true, mode: 0o700 });
  const port = options.port ?? (await pickFreePorts(1))[0] ?? 0;
  const name = `aimass-${randomUUID()}`;
  const configFile = join(storeDir, 'nats-server.conf');
  writeFileSync(configFile, configuration({ storeDir, port, name, durable: options.durable ?? true }), {
    mode: 0o600,
  });
  const server = new ServerProcess({
    name: 'nats-server',
    command: options.binary,
    args: ['--config', configFile],
    env: { HOME: storeDir },
    logFile: options.logFile ?? `${storeDir}.log`,
    isReady: () => offersJetStream(port, name),
    readyDeadlineMs: 60_000,
    stopSteps: STOP_STEPS,
    prepare: () => stopStaleServer(storeDir, configFile, log),
    log,
  });
  await server.start();
  return {
    url: `nats://${HOST}:${port}`,
    port,
    pid: () => server.pid,
    kill: (signal) => server.kill(signal),
    stop: () => server.stop(),
  };
}

function configuration(options: { storeDir: string; port: number; name: string; durable: boolean }): string {
  const { storeDir, port, name, durable } = options;
  return [
    `listen: "${HOST}:${port}"`,
    `server_name: "${name}"`,
    `pid_file: ${JSON.stringify(pidFile(storeDir))}`,
    'max_payload: 8MB',
    'jetstream {',
    `  store_dir: ${JSON.stringify(storeDir)}`,
    '  max_memory_store: 256MB',
    ...(durable ? ['  sync_interval: always'] : []),
    '}',
    '',
  ].join('\n');
}

/** Stops the server an earlier, killed run left on this very store: its command line names our configuration file. */
async function stopStaleServer(
  storeDir: string,
  configFile: string,
  log: (line: string) => void,
): Promise<void> {
  const file = pidFile(storeDir);
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, 'utf8'));
  if (pid > 0 && inspectProcess(pid)?.command.includes(configFile) === true) {
    log(`stopping a nats-server that an earlier run left on ${storeDir}`);
    await terminate([pid], STOP_STEPS);
  }
  rmSync(file, { force: true });
}

function pidFile(storeDir: string): string {
  return join(storeDir, 'nats-server.pid');
}

/** The server greets every connection with its name and what it offers. */
function offersJetStream(port: number, name: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: HOST, port });
    const finish = (ready: boolean) => {
      socket.destroy();
      resolve(ready);
    };
    socket.setTimeout(2_000, () => finish(false));
    socket.once('error', () => finish(false));
    socket.once('data', (data) => {
      const greeting = data.toString('utf8');
      finish(greeting.includes(`"${name}"`) && greeting.includes('"jetstream":true'));
    });
  });
}
