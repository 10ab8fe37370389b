import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Duplex } from 'node:stream';
import type { Egress } from './egress.js';

/**
 * Agents for other people's HTTP clients. Each connection passes the gate by itself: whatever host the client asks
 * for, its addresses are checked, and the connection goes to one of them.
 */
export function guardedAgents(egress: Egress, maxSockets: number): { http: HttpAgent; https: HttpsAgent } {
  const options = { keepAlive: true, maxSockets };
  return {
    http: guarded(new HttpAgent(options), egress),
    https: guarded(new HttpsAgent(options), egress),
  };
}

type Connected = (error: Error | null, stream?: Duplex) => void;

function guarded<A extends HttpAgent>(agent: A, egress: Egress): A {
  const connect = agent.createConnection.bind(agent);
  agent.createConnection = (options, callback) => {
    // Node passes no stream with an error, whatever its types say.
    const connected = callback as Connected | undefined;
    egress
      .pin(options.host ?? '', Number(options.port))
      .then(({ lookup }) => connect({ ...options, lookup }) ?? undefined)
      .then(
        (stream) => connected?.(null, stream),
        (error: unknown) => connected?.(error as Error),
      );
    return undefined;
  };
  return agent;
}
