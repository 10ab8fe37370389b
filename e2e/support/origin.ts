import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An HTTP server on loopback that sources read; each test says what it answers. */
export interface Origin {
  readonly url: string;
  /** Requests so far. */
  readonly requests: readonly IncomingMessage[];
  answer(listener: RequestListener): void;
  /** From now on sends this text as CSV, with its digest as ETag, to whoever does not have it yet. */
  serve(csv: string): void;
  stop(): Promise<void>;
}

/** Starts an origin. */
export async function startOrigin(): Promise<Origin> {
  const requests: IncomingMessage[] = [];
  let listener: RequestListener = (_, response) => response.end();
  const server = createServer((request, response) => {
    requests.push(request);
    listener(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/table.csv`,
    requests,
    answer: (next) => {
      listener = next;
    },
    serve: (csv) => {
      listener = csvListener(csv);
    },
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function csvListener(csv: string): RequestListener {
  const etag = `"${Buffer.from(csv).toString('base64url').slice(-40)}"`;
  return (request, response) => {
    response.setHeader('etag', etag);
    if (request.headers['if-none-match'] === etag) response.writeHead(304).end();
    else response.setHeader('content-type', 'text/csv').end(csv);
  };
}
