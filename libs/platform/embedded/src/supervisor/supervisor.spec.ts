import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAlive } from '../process/process-info.js';
import { Supervisor, type SupervisorEvent, type SupervisorOptions } from './supervisor.js';

let logDir: string;
let supervisor: Supervisor;
let events: EventLog;

/** Collects events and lets a test wait for the next one of a kind. */
class EventLog {
  private readonly seen: SupervisorEvent[] = [];
  private wake: () => void = () => undefined;

  add(event: SupervisorEvent): void {
    this.seen.push(event);
    this.wake();
  }

  async next<T extends SupervisorEvent['type']>(type: T): Promise<Extract<SupervisorEvent, { type: T }>> {
    for (;;) {
      const index = this.seen.findIndex((event) => event.type === type);
      if (index >= 0) return this.seen.splice(index, 1)[0] as Extract<SupervisorEvent, { type: T }>;
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }
}

function create(options: Partial<SupervisorOptions> = {}): Supervisor {
  return new Supervisor({ logDir, onEvent: (event) => events.add(event), ...options });
}

function fixture(name: string, env: NodeJS.ProcessEnv = {}) {
  return { name, entry: fileURLToPath(new URL(`../../test/fixtures/${name}.mjs`, import.meta.url)), env };
}

function pidOf(name: string): number {
  return supervisor.pids()[name]?.pid ?? 0;
}

beforeEach(() => {
  logDir = mkdtempSync(join(tmpdir(), 'aimass-supervisor-'));
  events = new EventLog();
  supervisor = create();
});
afterEach(async () => {
  supervisor.killAll();
  await supervisor.stopAll();
  rmSync(logDir, { recursive: true, force: true });
});

describe('start', () => {
  it('waits for the ready message, passes the environment and keeps the log', async () => {
    const ready = await supervisor.start(fixture('well-behaved', { GREETING: 'hello', SERVICE_NAME: 'one' }));
    expect(ready).toEqual({ type: 'ready', greeting: 'hello' });
    expect(pidOf('well-behaved')).toBeGreaterThan(0);
    expect(supervisor.pids()['well-behaved']?.rssMb).toBeGreaterThan(10);
    await supervisor.stopAll();
    expect(readFileSync(join(logDir, 'well-behaved.log'), 'utf8')).toBe('serving as one\ndrained\n');
  });

  it('shows the end of the log of a service that fails, and does not keep it', async () => {
    await expect(supervisor.start(fixture('fails-at-boot'))).rejects.toThrow(
      /ended with code 3 before it was ready[^]*DATABASE_URL is not a URL/,
    );
    expect(supervisor.pids()).toEqual({});
  });

  it('kills a service that is not ready in time', async () => {
    supervisor = create({ readyDeadlineMs: 500 });
    await expect(supervisor.start(fixture('never-ready'))).rejects.toThrow(
      /not ready within 0.5 s[^]*waiting for a peer/,
    );
    expect(supervisor.pids()).toEqual({});
  });

  it('echoes lines with the name of their service', async () => {
    const lines: string[] = [];
    supervisor = create({ echo: (line) => lines.push(line) });
    await supervisor.start(fixture('well-behaved'));
    await supervisor.stopAll();
    expect(lines).toContain('[well-behaved] serving as nobody');
    expect(readFileSync(join(logDir, 'well-behaved.log'), 'utf8')).toContain('serving as nobody');
  });
});

describe('a crash', () => {
  it('restarts the service, a little later each time', async () => {
    await supervisor.start(fixture('well-behaved'));
    const first = pidOf('well-behaved');
    supervisor.kill('well-behaved', 'SIGKILL');
    expect(await events.next('crashed')).toMatchObject({ exit: { signal: 'SIGKILL' }, restartInMs: 100 });
    const restarted = await events.next('restarted');
    expect(restarted.pid).not.toBe(first);
    expect(pidOf('well-behaved')).toBe(restarted.pid);
    supervisor.kill('well-behaved', 'SIGKILL');
    expect(await events.next('crashed')).toMatchObject({ restartInMs: 200 });
    await events.next('restarted');
  });

  it('is not restarted once it was told to stop', async () => {
    await supervisor.start(fixture('well-behaved'));
    supervisor.kill('well-behaved', 'SIGKILL');
    await events.next('crashed');
    await supervisor.stopAll();
    expect(supervisor.pids()).toEqual({});
  });
});

describe('stopAll', () => {
  it('stops the groups in order', async () => {
    const order: string[] = [];
    supervisor = create({ echo: (line) => line.endsWith('drained') && order.push(line) });
    const names = ['c', 'a', 'b'];
    for (const name of names) await supervisor.start({ ...fixture('well-behaved'), name });
    await supervisor.stopAll([['a'], ['b']]);
    expect(order).toEqual(['[a] drained', '[b] drained', '[c] drained']);
  });

  it('kills a service that ignores SIGTERM', async () => {
    supervisor = create({ stopDeadlineMs: 300 });
    await supervisor.start(fixture('ignores-sigterm'));
    const pid = pidOf('ignores-sigterm');
    await supervisor.stopAll();
    expect(isAlive(pid)).toBe(false);
  });

  it('ends a service that is still starting', async () => {
    const starting = supervisor
      .start(fixture('never-ready'))
      .catch((error: unknown) => (error as Error).message);
    await supervisor.stopAll();
    expect(await starting).toContain('ended with SIGTERM');
  });
});
