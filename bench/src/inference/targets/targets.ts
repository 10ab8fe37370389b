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
