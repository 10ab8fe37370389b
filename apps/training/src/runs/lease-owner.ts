import { randomUUID } from 'node:crypto';
import { pidScope, startOf } from '../runners/process-identity.js';

/** Names one worker: which machine, which process, and which worker in it. */
export function createLeaseOwner(): string {
  return [pidScope(), process.pid, startOf(process.pid) ?? '', randomUUID()].join('|');
}

/** Whether the worker's process has certainly ended. False when that cannot be told from here. */
export function isProvablyDead(owner: string): boolean {
  const [scope, pid = '', start = ''] = owner.split('|');
  return scope === pidScope() && /^\d+$/.test(pid) && start !== '' && startOf(Number(pid)) !== start;
}
