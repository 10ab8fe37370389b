import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** A real HTTP server on loopback for one test. */
export interface TestHttpServer {
  readonly port: number;
  /** `http://127.0.0.1:<port>` */
  readonly origin: string;
  /** The requests that came, oldest first. */
  readonly requests: readonly IncomingMessage[];
  /** Connections that were made, whether or not a request came over them. */
  connections(): number;
  close(): Promise<void>;
}

/** Starts a server that answers as `listener` says. */
export async function startHttpServer(
  listener: RequestListener = (_, response) => response.end(),
  host = '127.0.0.1',
): Promise<TestHttpServer> {
  const requests: IncomingMessage[] = [];
  let connections = 0;
  const server = createServer((request, response) => {
    requests.push(request);
    listener(request, response);
  });
  server.on('connection', (socket) => {
    connections += 1;
    socket.on('error', () => undefined);
  });
  server.listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    origin: `http://127.0.0.1:${port}`,
    requests,
    connections: () => connections,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Writes until the client is gone or `chunks` ends, at the client's pace; returns the number of bytes written. */
export async function stream(response: ServerResponse, chunks: Iterable<Buffer>): Promise<number> {
  let sizeBytes = 0;
  function* counted(): Generator<Buffer> {
    for (const chunk of chunks) {
      sizeBytes += chunk.length;
      yield chunk;
    }
  }
  await pipeline(Readable.from(counted(), { highWaterMark: 1 }), response).catch(() => undefined);
  return sizeBytes;
}

/** The same chunk for ever, or so often. */
export function* repeated(chunk: Buffer, times = Infinity): Generator<Buffer> {
  for (let count = 0; count < times; count++) yield chunk;
}
