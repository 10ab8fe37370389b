import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { startOf } from '../runners/process-identity.js';
import { createLeaseOwner, isProvablyDead } from './lease-owner.js';

describe('the owner of a lease', () => {
  it('is alive as long as its process is, and not after', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    await once(child, 'spawn');
    const [scope = '', , , id = ''] = createLeaseOwner().split('|');
    const owner = [scope, child.pid, startOf(child.pid ?? 0), id].join('|');
    expect(isProvablyDead(owner)).toBe(false);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(isProvablyDead(owner)).toBe(true);
  });

  it('is dead when its pid belongs to a process that started at another time', () => {
    const [scope, pid, , id] = createLeaseOwner().split('|');
    expect(isProvablyDead([scope, pid, '1', id].join('|'))).toBe(true);
    expect(isProvablyDead(createLeaseOwner())).toBe(false);
  });

  it('is not declared dead when it is of another machine, or unreadable', () => {
    const [, pid, , id] = createLeaseOwner().split('|');
    expect(isProvablyDead(['elsewhere', pid, '1', id].join('|'))).toBe(false);
    expect(isProvablyDead('')).toBe(false);
  });
});
