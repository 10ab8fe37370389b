import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { Socket } from 'node:net';

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/** How long clients may take. Milliseconds. */
export interface PortTimeouts {
  /** For the first bytes of a connection, and for the headers of a request. */
  readonly headersMs: number;
  /** Between two requests of a connection. */
  readonly keepAliveMs: number;
  /** For a whole request; 0 for no limit. */
  readonly requestMs: number;
  /** For taking an answer that is ready, for each MiB of it that waits: slower clients are cut off. */
  readonly readMs: number;
}

const SWEEP_MS = 500;
const MIB = 1024 * 1024;

/** What a client has not taken of its answers, and since when that has not changed. */
interface Unread {
  bytes: number;
  sinceMs: number;
}

/**
 * One port for HTTP/1.1 and for HTTP/2 without TLS (prior knowledge, as gRPC speaks it): the first bytes of a
 * connection tell which. Connections that send nothing are closed.
 */
export class SharedPort {
  private onHttp2: ((socket: Socket) => void) | undefined;
  /** Connections whose first bytes have not come, in the order of their arrival, and since when. */
  private readonly silent = new Map<Socket, number>();
  private readonly http1 = new Map<Socket, Unread>();

  constructor(private readonly timeouts: PortTimeouts) {}

  /** Who serves HTTP/2 connections; until it is told, they are closed. */
  serveHttp2(serve: (socket: Socket) => void): void {
    this.onHttp2 = serve;
  }

  /** The server to listen with; for Fastify's `serverFactory`. */
  createServer(listener: RequestListener): Server {
    const { headersMs, keepAliveMs, requestMs } = this.timeouts;
    const server = createServer(
      {
        headersTimeout: headersMs,
        keepAliveTimeout: keepAliveMs,
        requestTimeout: requestMs,
        connectionsCheckingInterval: SWEEP_MS,
        // Strict parsing is the default; said here because the protection against smuggled requests hangs on it.
        insecureHTTPParser: false,
        maxHeaderSize: 16 * 1024,
      },
      listener,
    );
    server.maxHeadersCount = 200;
    // Node hands connections to its parser by this event; here they are looked at first.
    const toHttp1 = server.listeners('connection') as ((this: Server, socket: Socket) => void)[];
    server.removeAllListeners('connection');
    const serveHttp1 = (socket: Socket): void => {
      this.http1.set(socket, { bytes: 0, sinceMs: 0 });
      socket.once('close', () => this.http1.delete(socket));
      for (const serve of toHttp1) serve.call(server, socket);
    };
    server.on('connection', (socket: Socket) => this.look(socket, serveHttp1));
    const timer = setInterval(() => this.sweep(performance.now()), SWEEP_MS);
    timer.unref();
    server.on('close', () => clearInterval(timer));
    return server;
  }

  /** Ends connections that have said nothing yet, so that they do not hold up a stop. */
  closeSilent(): void {
    for (const socket of this.silent.keys()) socket.destroy();
  }

  private look(socket: Socket, serveHttp1: (socket: Socket) => void): void {
    let held: Buffer | undefined;
    const forget = (): void => {
      this.silent.delete(socket);
      socket.off('readable', read).off('error', fail).off('end', fail).off('close', forget);
    };
    const fail = (): void => {
      forget();
      socket.destroy();
    };
    const read = (): void => {
      const bytes = socket.read() as Buffer | null;
      if (bytes === null) return;
      held = held === undefined ? bytes : Buffer.concat([held, bytes]);
      const isHttp2 = protocolOf(held);
      if (isHttp2 === undefined) return;
      forget();
      socket.unshift(held);
      if (!isHttp2) serveHttp1(socket);
      else if (this.onHttp2) this.onHttp2(socket);
      else socket.destroy();
    };
    this.silent.set(socket, performance.now());
    socket.on('readable', read).on('error', fail).on('end', fail).on('close', forget);
  }

  private sweep(nowMs: number): void {
    for (const [socket, sinceMs] of this.silent) {
      if (nowMs - sinceMs < this.timeouts.headersMs) break;
      socket.destroy();
    }
    for (const [socket, unread] of this.http1) this.watchReader(socket, unread, nowMs);
  }

  /** Node's own timeout is put off by every byte that the client sends, whether it reads or not. */
  private watchReader(socket: Socket, unread: Unread, nowMs: number): void {
    const bytes = socket.writableLength;
    if (bytes === 0 || bytes !== unread.bytes) {
      unread.bytes = bytes;
      unread.sinceMs = nowMs;
    } else if (nowMs - unread.sinceMs > this.timeouts.readMs * (1 + bytes / MIB)) socket.destroy();
  }
}

/** Whether bytes begin an HTTP/2 connection; undefined while that is open. */
function protocolOf(bytes: Buffer): boolean | undefined {
  const length = Math.min(bytes.length, PREFACE.length);
  if (bytes.compare(PREFACE, 0, length, 0, length) !== 0) return false;
  return length === PREFACE.length ? true : undefined;
}
