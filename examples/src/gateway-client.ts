/** A failed call: what the gateway's problem document said. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

const JSON_BODY = { 'content-type': 'application/json' };

/** An answer of the data plane. */
export interface Prediction {
  readonly status: number;
  readonly headers: Headers;
  /** The Open Inference Protocol answer; empty for a refusal. */
  readonly outputs: readonly { readonly name: string; readonly data: readonly number[] }[];
  readonly modelVersion: string;
}

/** Calls the gateway's public API with one key; only what the examples need of it. */
export class GatewayClient {
  constructor(
    private readonly baseUrl: string,
    private readonly key: string,
  ) {}

  /** The same gateway with another key. */
  as(key: string): GatewayClient {
    return new GatewayClient(this.baseUrl, key);
  }

  get<T>(path: string): Promise<T> {
    return this.control<T>('GET', path);
  }

  post<T>(path: string, body?: object): Promise<T> {
    return this.control<T>('POST', path, body);
  }

  patch<T>(path: string, body: object): Promise<T> {
    return this.control<T>('PATCH', path, body);
  }

  /** A document that is not JSON, such as a plot. */
  async text(path: string): Promise<string> {
    const response = await this.fetch('GET', `/api/v1${path}`);
    return response.text();
  }

  async upload<T>(path: string, content: Uint8Array<ArrayBuffer>): Promise<T> {
    const response = await this.fetch('POST', `/api/v1${path}`, { 'content-type': 'text/csv' }, content);
    return (await response.json()) as T;
  }

  /** Server-sent events, one by one, until the server ends the stream. */
  async *events(path: string): AsyncIterable<{ readonly event: string; readonly data: unknown }> {
    const response = await this.fetch('GET', `/api/v1${path}`);
    let rest = '';
    for await (const chunk of (response.body ?? new ReadableStream<Uint8Array>()).pipeThrough(
      new TextDecoderStream(),
    )) {
      const blocks = (rest + chunk).split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) {
        const fields = Object.fromEntries(
          block.split('\n').map((line) => line.split(/: (.*)/s) as [string, string]),
        );
        yield { event: fields['event'] ?? 'message', data: JSON.parse(fields['data'] ?? 'null') };
      }
    }
  }

  /** One prediction for one row of one feature; a refusal is an answer too. */
  async infer(model: string, input: number, version?: string): Promise<Prediction> {
    const slot = version === undefined ? '' : `/versions/${version}`;
    const body = { inputs: [{ name: 'features', shape: [1, 1], datatype: 'FP32', data: [input] }] };
    const response = await this.request(
      'POST',
      `/v2/models/${model}${slot}/infer`,
      JSON_BODY,
      JSON.stringify(body),
    );
    const answer = (await response.json()) as { outputs?: Prediction['outputs']; model_version?: string };
    return {
      status: response.status,
      headers: response.headers,
      outputs: answer.outputs ?? [],
      modelVersion: answer.model_version ?? '',
    };
  }

  private async control<T>(method: string, path: string, body?: object): Promise<T> {
    const response = await this.fetch(
      method,
      `/api/v1${path}`,
      body ? JSON_BODY : {},
      body && JSON.stringify(body),
    );
    return (response.status === 204 ? undefined : await response.json()) as T;
  }

  private async fetch(
    method: string,
    path: string,
    headers: Record<string, string> = {},
    body?: string | Uint8Array<ArrayBuffer>,
  ) {
    const response = await this.request(method, path, headers, body);
    if (response.ok) return response;
    const problem = (await response.json()) as { code?: string; detail?: string };
    const message = `${method} ${path}: ${response.status} ${problem.detail ?? ''}`;
    throw new GatewayError(response.status, problem.code ?? '', message);
  }

  private request(
    method: string,
    path: string,
    headers: Record<string, string>,
    body?: string | Uint8Array<ArrayBuffer>,
  ) {
    const authorization = `Bearer ${this.key}`;
    const signal = path.endsWith('/events') ? undefined : AbortSignal.timeout(30_000);
    return fetch(`${this.baseUrl}${path}`, { method, headers: { authorization, ...headers }, body, signal });
  }
}
