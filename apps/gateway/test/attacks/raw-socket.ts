import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** What came back on a raw connection until it was closed. */
export interface RawAnswer {
  /** Statuses of every HTTP/1.1 answer in it, in order. */
  readonly statuses: number[];
  readonly text: string;
  /** The server closed or reset the connection. */
  readonly isClosed: boolean;
}

/** Opens a connection; errors on it are expected. */
export async function openSocket(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** Sends bytes as they are and gathers what comes back until the server closes, for `waitMs` at most. */
export async function sendRaw(port: number, bytes: string | Buffer, waitMs = 4_000): Promise<RawAnswer> {
  const socket = await openSocket(port);
  const answer = gather(socket, waitMs);
  socket.write(bytes);
  return answer;
}

/** Gathers what comes on a connection until it closes, for `waitMs` at most. */
export async function gather(socket: Socket, waitMs: number): Promise<RawAnswer> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  const closed = new Promise<boolean>((resolve) => socket.once('close', () => resolve(true)));
  const stop = new AbortController();
  const isClosed = await Promise.race([
    closed,
    delay(waitMs, false, { signal: stop.signal }).catch(() => false),
  ]);
  stop.abort();
  socket.destroy();
  const text = Buffer.concat(chunks).toString('latin1');
  const statuses = [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
  return { statuses, text, isClosed };
}
