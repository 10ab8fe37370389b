/** Requests at a fixed rate, whatever comes back. */
export interface OpenLoopPlan {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly perSecond: number;
  readonly seconds: number;
  /** More requests than this under way wait for a socket; the waiting counts as their latency. */
  readonly sockets: number;
}

/** One request, as it came out. */
export interface Outcome {
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** From the moment at which the request was due, so that a slow target cannot make its own load lighter. */
  readonly milliseconds: number;
  readonly hasRetryAfter: boolean;
}

/** What came of an open loop. */
export interface OpenLoopResult {
  /** Requests that were due per second. */
  readonly offeredRps: number;
  /** Answers with 2xx per second: the goodput. */
  readonly acceptedRps: number;
  /** Of the answers with 2xx. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Share of the requests that were refused with 503. */
  readonly shedShare: number;
  /** Of what was refused. */
  readonly shedP99Ms: number;
  readonly shedsWithoutRetryAfter: number;
  /** Everything else. */
  readonly failures: number;
}
