/** TCP ports on the loopback address. */
import { randomInt } from 'node:crypto';
import { createServer, Server } from 'node:net';

const HOST = '127.0.0.1';
/** Below the range operating systems use for outgoing connections, which could take a port before we listen on it. */
const LOWEST = 20_000;
const HIGHEST = 32_000;
const MAX_TRIES = 1_000;

/**
 * Picks `count` different ports that are free on 127.0.0.1 right now. All are held until the set is complete, so one
 * call never returns the same port twice.
 */
export async function pickFreePorts(count: number): Promise<number[]> {
  const held: { port: number; server: Server }[] = [];
  try {
    for (let tries = 0; held.length < count; tries++) {
      if (tries > MAX_TRIES)
        throw new Error(`No ${count} free ports between ${LOWEST} and ${HIGHEST} on ${HOST}.`);
      const port = randomInt(LOWEST, HIGHEST);
      const server = await listen(port);
      if (server instanceof Server) held.push({ port, server });
    }
    return held.map(({ port }) => port);
  } finally {
    await Promise.all(held.map(({ server }) => close(server)));
  }
}

/** @throws Error that says what to do when `port` cannot be listened on. */
export async function assertPortFree(port: number): Promise<void> {
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new Error(`${port} is not a port: choose a number from 1 to 65535 with --port.`);
  }
  const server = await listen(port);
  if (server instanceof Server) return close(server);
  throw new Error(
    server.code === 'EACCES'
      ? `Port ${port} needs more rights: choose one above 1023 with --port.`
      : `Port ${port} on ${HOST} is already taken: stop what uses it, or choose another with --port.`,
  );
}

/** The listening server, or why there is none. */
function listen(port: number): Promise<Server | NodeJS.ErrnoException> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', resolve);
    server.listen({ port, host: HOST, exclusive: true }, () => resolve(server));
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
