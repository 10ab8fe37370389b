import type { CallCarrier } from './pending-call.js';
import type { Replica, ReplicaDirectory } from './replica-directory.js';

/**
 * The replica that a call goes to: of two random ones that can take it, the one with fewer calls on it ("power of two
 * choices": nearly as good as the least loaded of all, and no herd runs to the same one). Replicas whose heartbeat is
 * late are taken only when there is no other; `avoid` never is.
 */
export function pickReplica(
  directory: ReplicaDirectory,
  modelVersionId: string,
  nowMs: number,
  avoid?: CallCarrier,
): Replica | undefined {
  const ready = directory.readyFor(modelVersionId);
  if (ready.length === 1) {
    const only = ready[0] as Replica;
    return only.link.isUsable && only.link !== avoid ? only : undefined;
  }
  const usable = ready.filter(({ link }) => link.isUsable && link !== avoid);
  const punctual = usable.filter((replica) => !directory.isLate(replica, nowMs));
  return lessLoaded(punctual.length > 0 ? punctual : usable);
}

function lessLoaded(candidates: readonly Replica[]): Replica | undefined {
  const first = Math.floor(Math.random() * candidates.length);
  const other = Math.floor(Math.random() * (candidates.length - 1));
  const a = candidates[first];
  const b = candidates[other >= first ? other + 1 : other];
  return a && b && b.link.load < a.link.load ? b : a;
}
