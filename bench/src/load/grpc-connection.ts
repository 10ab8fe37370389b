import { connect, constants, type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2';
import type { Answer, Call } from './call.js';

/** Wide enough that a tensor of 1 MB never waits for the window. */
const WINDOW_BYTES = 16 * 1024 * 1024;

/** One HTTP/2 connection that makes unary gRPC calls with encoded messages: the least a gRPC client can cost. */
export class GrpcConnection {
  private constructor(private readonly session: ClientHttp2Session) {}

  /** Connects to the origin of `url`; rejects when nobody listens. */
  static open(url: string): Promise<GrpcConnection> {
    return new Promise((resolve, reject) => {
      const session = connect(new URL(url).origin, { settings: { initialWindowSize: WINDOW_BYTES } });
      session.once('error', reject);
      session.once('connect', () => {
        session.setLocalWindowSize(WINDOW_BYTES);
        // What breaks later is told by each call.
        session.off('error', reject).on('error', () => undefined);
        resolve(new GrpcConnection(session));
      });
    });
  }

  /** Resolves with the answer's message; rejects unless the status is OK. */
  call({ url, headers, body }: Call): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const stream = this.session.request({
        ':method': 'POST',
        ':path': new URL(url).pathname,
        'content-type': 'application/grpc',
        te: 'trailers',
        ...headers,
      });
      const chunks: Buffer[] = [];
      let status: IncomingHttpHeaders = {};
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      // An answer without a message has its status in the headers.
      stream.on('response', (received: IncomingHttpHeaders) => (status = received));
      stream.on('trailers', (received: IncomingHttpHeaders) => (status = received));
      stream.once('error', reject);
      stream.once('end', () => {
        if (status['grpc-status'] === '0') resolve({ headers: {}, body: Buffer.concat(chunks) });
        else reject(new Error(describeStatus(status)));
      });
      stream.end(body);
    });
  }

  close(): void {
    this.session.destroy(undefined, constants.NGHTTP2_CANCEL);
  }
}

function describeStatus(status: IncomingHttpHeaders): string {
  const [code, message] = [status['grpc-status'] ?? 'none', status['grpc-message'] ?? ''];
  return `gRPC status ${String(code)} ${decodeURIComponent(String(message))}`.trim();
}
