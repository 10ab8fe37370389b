import type { IncomingMessage } from 'node:http';

const SWEEP_MS = 500;
const BODY = '{"error":"The body did not arrive in time."}';
const ANSWER =
  'HTTP/1.1 408 Request Timeout\r\ncontent-type: application/json; charset=utf-8\r\n' +
  `content-length: ${BODY.length}\r\nconnection: close\r\n\r\n${BODY}`;

/**
 * Ends connections whose request body trickles in: 408 once it has taken longer than a prediction may. Node's own
 * `requestTimeout` holds for a whole server, uploads of hours included.
 */
export class ReceiveTimeout {
  private readonly expected = new Map<IncomingMessage, number>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly longestMs: number) {}

  start(): void {
    this.timer = setInterval(() => this.sweep(performance.now()), SWEEP_MS);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** A request whose body is to come; `nowMs` is an instant of the monotonic clock. */
  expect(request: IncomingMessage, nowMs: number): void {
    this.expected.set(request, nowMs);
  }

  /** All of it is there. */
  received(request: IncomingMessage): void {
    this.expected.delete(request);
  }

  /** In the order of arrival, so that it stops at the first that still has time. */
  private sweep(nowMs: number): void {
    for (const [request, sinceMs] of this.expected) {
      if (request.complete || request.destroyed) this.expected.delete(request);
      else if (nowMs - sinceMs < this.longestMs) return;
      else this.cut(request);
    }
  }

  private cut(request: IncomingMessage): void {
    this.expected.delete(request);
    if (request.socket.writable) request.socket.write(ANSWER);
    request.socket.destroy();
  }
}
