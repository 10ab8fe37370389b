/** Keeps services running: starts them, restarts what crashes, stops them in order. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Backoff } from '../process/backoff.js';
import { residentMb } from '../process/process-info.js';
import { ServiceProcess, type ProcessExit, type ReadyMessage, type ServiceSpec } from './service-process.js';

/** Something that happened to a service after its first start. */
export type SupervisorEvent =
  | { type: 'crashed'; name: string; exit: ProcessExit; restartInMs: number }
  | { type: 'restarted'; name: string; pid: number }
  | { type: 'restart-failed'; name: string; error: Error };

/** How to supervise. */
export interface SupervisorOptions {
  /** Each service logs to `<logDir>/<name>.log`. */
  logDir: string;
  /** When given, receives every line the services write, as `[name] line`. */
  echo?: (line: string) => void;
  onEvent?: (event: SupervisorEvent) => void;
  /** Default 30 s. */
  readyDeadlineMs?: number;
  /** Between SIGTERM and SIGKILL; default 15 s. */
  stopDeadlineMs?: number;
}

interface Supervised {
  spec: ServiceSpec;
  process: ServiceProcess;
  backoff: Backoff;
  /** Settles when nothing watches the service any more. */
  watching: Promise<void>;
  stopping: AbortController;
}

/** Runs services as child processes. */
export class Supervisor {
  private readonly services = new Map<string, Supervised>();

  constructor(private readonly options: SupervisorOptions) {
    mkdirSync(options.logDir, { recursive: true, mode: 0o700 });
  }

  /**
   * Starts a service and waits until it is ready; from then on a crash restarts it, after 100 ms doubling to 5 s.
   * @throws Error with the end of its log when it is not ready in time; it does not run then
   */
  async start(spec: ServiceSpec): Promise<ReadyMessage> {
    if (this.services.has(spec.name)) throw new Error(`${spec.name} is already running`);
    const process = this.spawn(spec);
    const supervised: Supervised = {
      spec,
      process,
      backoff: new Backoff(),
      watching: Promise.resolve(),
      stopping: new AbortController(),
    };
    this.services.set(spec.name, supervised);
    try {
      const message = await process.ready(this.readyDeadlineMs);
      supervised.watching = this.watch(supervised);
      return message;
    } catch (error) {
      this.services.delete(spec.name);
      throw error;
    }
  }

  /** Stops one service: SIGTERM, and SIGKILL after the deadline. */
  async stop(name: string): Promise<void> {
    const supervised = this.services.get(name);
    if (!supervised) return;
    supervised.stopping.abort();
    await supervised.process.stop(this.options.stopDeadlineMs ?? 15_000);
    await supervised.watching;
    this.services.delete(name);
  }

  /** Stops the groups one after the other, the services of a group together, and last whatever is in no group. */
  async stopAll(groups: string[][] = []): Promise<void> {
    const named = new Set(groups.flat());
    const rest = [...this.services.keys()].filter((name) => !named.has(name));
    for (const group of [...groups, rest]) await Promise.all(group.map((name) => this.stop(name)));
  }

  /** Ends everything at once, without asking; for the second Ctrl-C. */
  killAll(): void {
    for (const { stopping, process } of this.services.values()) {
      stopping.abort();
      process.signal('SIGKILL');
    }
  }

  /** Sends a signal to a service, for fault injection; it is restarted when that ends it. */
  kill(name: string, signal: NodeJS.Signals): void {
    const supervised = this.services.get(name);
    if (!supervised) throw new Error(`${name} is not running`);
    supervised.process.signal(signal);
  }

  /** Pid and resident memory in MB of every service. */
  pids(): Record<string, { pid: number; rssMb: number }> {
    const entries = [...this.services].map(([name, { process }]) => {
      const pid = process.pid ?? 0;
      return [name, { pid, rssMb: residentMb([pid]) }] as const;
    });
    return Object.fromEntries(entries);
  }

  private get readyDeadlineMs(): number {
    return this.options.readyDeadlineMs ?? 30_000;
  }

  private spawn(spec: ServiceSpec): ServiceProcess {
    return new ServiceProcess(spec, join(this.options.logDir, `${spec.name}.log`), this.options.echo);
  }

  private async watch(supervised: Supervised): Promise<void> {
    const { spec, backoff, stopping } = supervised;
    const isStopping = (): boolean => stopping.signal.aborted;
    for (;;) {
      const exit = await supervised.process.exited;
      if (isStopping()) return;
      const restartInMs = backoff.next(exit.ranMs);
      this.report({ type: 'crashed', name: spec.name, exit, restartInMs });
      await sleep(restartInMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (isStopping()) return;
      supervised.process = this.spawn(spec);
      await this.awaitRestart(supervised);
    }
  }

  private async awaitRestart({ spec, process, stopping }: Supervised): Promise<void> {
    try {
      await process.ready(this.readyDeadlineMs);
      this.report({ type: 'restarted', name: spec.name, pid: process.pid ?? 0 });
    } catch (error) {
      if (stopping.signal.aborted) return;
      this.report({ type: 'restart-failed', name: spec.name, error: error as Error });
    }
  }

  private report(event: SupervisorEvent): void {
    this.options.onEvent?.(event);
  }
}
