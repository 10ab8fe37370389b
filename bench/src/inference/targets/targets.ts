import { startAimass } from './aimass.js';
import { startCeiling } from './ceiling.js';
import { PEERS, startPeer } from './peers.js';
import type { StartTarget } from './target.js';

/** Every target by name, in the order in which they are started and take turns. */
export const TARGETS: Readonly<Record<string, StartTarget>> = {
  ceiling: startCeiling,
  ...Object.fromEntries(PEERS.map((name) => [name, startPeer(name)])),
  aimass: startAimass,
};

/** Servers that are left out, and why; they are named among the missing. */
export const LEFT_OUT: Readonly<Record<string, string>> = {
  torchserve: 'it needs Java and several GB of PyTorch packages, also for a model that is no PyTorch model',
};
