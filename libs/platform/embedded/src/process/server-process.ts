/**
 * A third-party server (Postgres, NATS) as a child process: started in its own process group, so that a Ctrl-C in the
 * terminal reaches only us and we can stop things in order; logging to a file, so that it outlives a broken pipe;
 * started again when it dies unasked.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Backoff } from './backoff.js';
import { logSize, logTail, openLog } from './log-file.js';
import { sendSignal, terminate, type StopStep } from './terminate.js';

/** How to run a server. */
export interface ServerSpec {
  name: string;
  command: string;
  args: string[];
  /** The whole environment of the server; nothing is inherited. */
  env: Record<string, string>;
  /** Run as this user (only root may ask). */
  identity?: { uid: number; gid: number };
  logFile: string;
  /** Polled until true; a throw counts as "not yet". */
  isReady: () => boolean | Promise<boolean>;
  readyDeadlineMs: number;
  stopSteps: StopStep[];
  /** Runs before every start: clears what a killed run left behind. */
  prepare: () => Promise<void>;
  log: (line: string) => void;
}

/** Keeps one server running from `start()` to `stop()`. */
export class ServerProcess {
  private child: ChildProcess | undefined;
  private stopping = false;
  private restart: Promise<void> = Promise.resolve();
  private readonly backoff = new Backoff();
  private readonly abort = new AbortController();

  constructor(private readonly spec: ServerSpec) {}

  /** The pid of the running server, or undefined between a crash and the restart. */
  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** Starts the server and waits until it serves. @throws Error with the end of its log. */
  async start(): Promise<void> {
    await this.launch();
    this.watch(Date.now());
  }

  /** Stops the server and waits for its exit. Safe to call twice. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.abort.abort();
    await this.restart;
    const pid = this.child?.pid;
    if (pid !== undefined) await terminate([pid], this.spec.stopSteps);
    this.child = undefined;
  }

  /** Sends a signal to the server, for fault injection; it is restarted when that ends it. */
  kill(signal: NodeJS.Signals): void {
    if (this.child?.pid !== undefined) sendSignal(this.child.pid, signal);
  }

  private async launch(): Promise<void> {
    await this.spec.prepare();
    const { command, args, env, identity, logFile } = this.spec;
    const logStart = logSize(logFile);
    const descriptor = openLog(logFile);
    const child = spawn(command, args, {
      env,
      ...identity,
      detached: true,
      stdio: ['ignore', descriptor, descriptor],
    });
    closeSync(descriptor);
    this.child = child;
    const failure = { text: undefined as string | undefined };
    child.once('error', (error) => (failure.text = error.message));
    child.once('exit', (code, signal) => {
      failure.text ??= `it ended with ${signal ?? `code ${code}`}`;
      if (this.child === child) this.child = undefined;
    });
    await this.waitReady(child, failure, logStart);
  }

  private async waitReady(child: ChildProcess, failure: { text?: string | undefined }, logStart: number) {
    const { name, readyDeadlineMs, logFile } = this.spec;
    const deadline = Date.now() + readyDeadlineMs;
    while (failure.text === undefined && !this.stopping && Date.now() < deadline) {
      if ((await this.isReadyNow()) && child.exitCode === null) return;
      await sleep(20);
    }
    if (child.pid !== undefined) await terminate([child.pid], this.spec.stopSteps);
    const reason = failure.text ?? `it was not ready within ${readyDeadlineMs / 1000} s`;
    throw new Error(
      `${name} did not start: ${reason}. Its log (${logFile}) ends with:\n${logTail(logFile, logStart)}`,
    );
  }

  private async isReadyNow(): Promise<boolean> {
    try {
      return await this.spec.isReady();
    } catch {
      return false;
    }
  }

  private watch(startedAt: number): void {
    const onExit = () => {
      if (this.stopping) return;
      this.spec.log(`${this.spec.name} ended unexpectedly; starting it again`);
      this.restart = this.relaunch(Date.now() - startedAt);
    };
    if (this.child === undefined) onExit();
    else this.child.once('exit', onExit);
  }

  private async relaunch(ranMs: number): Promise<void> {
    let ran = ranMs;
    while (!this.stopping) {
      const waited = await sleep(this.backoff.next(ran), true, { signal: this.abort.signal }).catch(
        () => false,
      );
      if (!waited) return;
      const startedAt = Date.now();
      try {
        await this.launch();
        this.watch(startedAt);
        return;
      } catch (error) {
        ran = Date.now() - startedAt;
        this.spec.log(error instanceof Error ? error.message : String(error));
      }
    }
  }
}
