import { connect, type Socket } from 'node:net';
import type { Call } from './call.js';
import { HttpResponse } from './http-response.js';

/** Why a call ended without an answer. */
class ConnectionLost extends Error {}

/**
 * One HTTP/1.1 connection that sends the same bytes over and over. It costs a fraction of a general client's CPU, which
 * on a machine of few cores would be taken from the servers that are measured.
 */
export class HttpConnection {
  private socket: Socket | undefined;
  private response = new HttpResponse();
  private settle: ((error: Error | undefined) => void) | undefined;
  private readonly request: Buffer;
  private readonly address: { host: string; port: number };

  constructor({ url, headers, body }: Call) {
    const { hostname, port, host, pathname } = new URL(url);
    this.address = { host: hostname, port: Number(port) };
    const lines = Object.entries({ host, ...headers, 'content-length': String(body.length) });
    const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    this.request = Buffer.concat([Buffer.from(`POST ${pathname} HTTP/1.1\r\n${head}\r\n`), body]);
  }

  /** Resolves with the status. Rejects when the connection breaks; the next call opens another. */
  call(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.response = new HttpResponse();
      this.settle = (error) => {
        this.settle = undefined;
        if (error) reject(error);
        else resolve(this.response.status);
      };
      this.socket ??= this.open();
      this.socket.write(this.request);
    });
  }

  close(): void {
    this.socket?.destroy();
  }

  private open(): Socket {
    const socket = connect({ ...this.address, noDelay: true });
    socket.on('data', (piece) => {
      try {
        if (this.response.take(piece)) this.settle?.(undefined);
      } catch (error) {
        socket.destroy(error as Error);
      }
    });
    socket.on('error', (error) => this.settle?.(error));
    socket.on('close', () => {
      this.socket = undefined;
      this.settle?.(new ConnectionLost('The connection was closed before the answer.'));
    });
    return socket;
  }
}
