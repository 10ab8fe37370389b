import { openAsBlob } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** How long something the platform does by itself may take, unless told. */
const PATIENCE_MS = 60_000;

/** The gateway's control routes, as far as the benchmarks need them. */
export class ControlApi {
  constructor(
    private readonly gatewayUrl: string,
    private readonly key: string,
    private readonly signal: AbortSignal,
  ) {}

  get<T>(path: string): Promise<T> {
    return this.send<T>('GET', path);
  }

  post<T>(path: string, body: object): Promise<T> {
    return this.send<T>('POST', `/api/v1${path}`, JSON.stringify(body), 'application/json');
  }

  /** Stores one file; it can then be named by its upload's id. */
  upload<T>(content: Buffer, type: string): Promise<T> {
    return this.send<T>('POST', '/api/v1/uploads', content, type);
  }

  /** Stores one file without holding it in memory. */
  async uploadFile<T>(path: string, type: string): Promise<T> {
    return this.send<T>('POST', '/api/v1/uploads', await openAsBlob(path), type);
  }

  /** Repeats `attempt` until it neither throws nor returns undefined; `what` names it should that take too long. */
  async until<T>(what: string, attempt: () => Promise<T | undefined>, patienceMs = PATIENCE_MS): Promise<T> {
    const deadline = Date.now() + patienceMs;
    for (;;) {
      const value = await attempt().catch((error: unknown) => {
        if (Date.now() > deadline) throw error;
        return undefined;
      });
      if (value !== undefined) return value;
      if (Date.now() > deadline) throw new Error(`${what} took longer than ${patienceMs / 1000} s.`);
      await delay(100, undefined, { signal: this.signal });
    }
  }

  private async send<T>(
    method: string,
    path: string,
    body?: string | Buffer | Blob,
    type?: string,
  ): Promise<T> {
    const headers = {
      authorization: `Bearer ${this.key}`,
      ...(type === undefined ? {} : { 'content-type': type }),
    };
    const init = {
      method,
      headers,
      signal: this.signal,
      ...(body === undefined ? {} : { body: blobOf(body) }),
    };
    const response = await fetch(`${this.gatewayUrl}${path}`, init);
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
    return JSON.parse(text) as T;
  }
}

function blobOf(body: string | Buffer | Blob): Blob {
  if (body instanceof Blob) return body;
  return new Blob([typeof body === 'string' ? body : new Uint8Array(body)]);
}
