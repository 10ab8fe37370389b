/** One of our own services as a child process that reports over IPC when it serves. */
import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { closeSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { logSize, logTail, openLog } from '../process/log-file.js';
import { sendSignal } from '../process/terminate.js';

/** What to run. */
export interface ServiceSpec {
  name: string;
  /** Absolute path of the JavaScript file to run. */
  entry: string;
  /** The whole environment of the process; nothing is inherited. */
  env: NodeJS.ProcessEnv;
  /** Options for Node itself, e.g. `--max-old-space-size=256`. */
  nodeArgs?: string[];
}

/** What a service sends with `process.send` once it serves; it may add fields of its own. */
export interface ReadyMessage {
  type: 'ready';
  [key: string]: unknown;
}

/** How a process ended; `ranMs` is how long it had run. */
export interface ProcessExit {
  code: number | null;
  signal: NodeJS.Signals | null;
  ranMs: number;
}

/**
 * One run of a service, from spawn to exit. It has its own process group, so that a Ctrl-C in the terminal does not
 * reach it and services stop in order; it must end itself when the IPC channel closes (we are gone then).
 */
export class ServiceProcess {
  /** Settles when the process has ended; never rejects. */
  readonly exited: Promise<ProcessExit>;
  private readonly child: ChildProcess;
  private readonly logStart: number;

  constructor(
    private readonly spec: ServiceSpec,
    private readonly logFile: string,
    echo: ((line: string) => void) | undefined,
  ) {
    const startedAt = Date.now();
    this.logStart = logSize(logFile);
    const log = openLog(logFile);
    const output = echo ? 'pipe' : log;
    const stdio: StdioOptions = ['ignore', output, output, 'ipc'];
    const { env, entry, nodeArgs = [] } = spec;
    this.child = spawn(process.execPath, [...nodeArgs, entry], { env, stdio, detached: true });
    if (echo) copyOutput(this.child, log, (line) => echo(`[${spec.name}] ${line}`));
    else closeSync(log);
    this.exited = new Promise((resolve) => {
      // `error` without a pid means that the process never was; with one, `exit` follows.
      this.child.once('error', () => this.child.pid ?? resolve({ code: null, signal: null, ranMs: 0 }));
      this.child.once('exit', (code, signal) => resolve({ code, signal, ranMs: Date.now() - startedAt }));
    });
  }

  /** Undefined when the process could not be spawned. */
  get pid(): number | undefined {
    return this.child.pid;
  }

  /**
   * Waits for the ready message.
   * @throws Error with the end of the log when the process ends or `deadlineMs` passes first (it is then killed)
   */
  async ready(deadlineMs: number): Promise<ReadyMessage> {
    let timer: NodeJS.Timeout | undefined;
    const message = new Promise<ReadyMessage>((resolve) => {
      this.child.on('message', (each) => {
        if (isReady(each)) resolve(each);
      });
    });
    const late = new Promise<string>((resolve) => {
      timer = setTimeout(() => resolve(`was not ready within ${deadlineMs / 1000} s`), deadlineMs);
    });
    const ended = this.exited.then(
      ({ code, signal }) => `ended with ${signal ?? `code ${code}`} before it was ready`,
    );
    const outcome = await Promise.race([message, late, ended]);
    clearTimeout(timer);
    if (typeof outcome !== 'string') return outcome;
    this.signal('SIGKILL');
    await this.exited;
    const { name } = this.spec;
    throw new Error(
      `${name} ${outcome}. Its log (${this.logFile}) ends with:\n${logTail(this.logFile, this.logStart)}`,
    );
  }

  /** Sends a signal; nothing happens when the process is gone. */
  signal(signal: NodeJS.Signals): void {
    const running = this.child.exitCode === null && this.child.signalCode === null;
    if (running && this.child.pid !== undefined) sendSignal(this.child.pid, signal);
  }

  /** SIGTERM, then SIGKILL after `deadlineMs`; settles when the process has ended. */
  async stop(deadlineMs: number): Promise<ProcessExit> {
    this.signal('SIGTERM');
    const timer = setTimeout(() => this.signal('SIGKILL'), deadlineMs);
    const exit = await this.exited;
    clearTimeout(timer);
    return exit;
  }
}

function isReady(message: unknown): message is ReadyMessage {
  return typeof message === 'object' && message !== null && 'type' in message && message.type === 'ready';
}

function copyOutput(child: ChildProcess, log: number, echo: (line: string) => void): void {
  for (const stream of [child.stdout, child.stderr]) {
    if (!stream) continue;
    createInterface({ input: stream }).on('line', (line) => {
      writeSync(log, `${line}\n`);
      echo(line);
    });
  }
  child.once('close', () => closeSync(log));
}
