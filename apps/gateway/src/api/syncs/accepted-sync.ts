import { syncs } from '@aimass/contracts';
import { Accepted } from '../../http/accepted.interceptor.js';

/** The answer of a route whose import is still going on. */
export function acceptedSync(sync: syncs.Sync): Accepted {
  return new Accepted(syncs.Sync.toJSON(sync), `/api/v1/syncs/${sync.id}`);
}
