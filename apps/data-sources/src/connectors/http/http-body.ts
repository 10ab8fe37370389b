import { setTimeout as pause } from 'node:timers/promises';
import type { IncomingMessage } from 'node:http';
import { DomainError } from '@aimass/platform-errors';
import { sourceChanged, sourceCut } from '../reading.errors.js';
import { continues } from './http-content.js';
import type { Content } from './http-content.js';

/** So often in a row a body is taken up again without a further byte. */
const MAXIMUM_ATTEMPTS = 5;
const FIRST_PAUSE_MS = 100;

/** A body under way, and how to ask for the rest of it. */
export interface Body {
  readonly host: string;
  readonly response: IncomingMessage;
  readonly content: Content;
  /** Asks for everything from an offset on, if it is still named by this validator. */
  readonly askFrom: (offsetBytes: number, validator: string) => Promise<IncomingMessage>;
  readonly signal: AbortSignal;
}

/**
 * The bytes of the body, as they are sent. When the connection breaks off, the rest is asked for, as long as the server
 * names what it sends. Throws `source_cut` when it cannot be completed, `source_changed` when the rest would be of
 * something else, or the signal's reason.
 */
export async function* bodyBytes(body: Body): AsyncGenerator<Buffer> {
  const { host, content, signal } = body;
  let response: IncomingMessage | undefined = body.response;
  let offsetBytes = 0;
  let attempts = 0;
  let cause: unknown;
  for (;;) {
    try {
      for await (const chunk of (response ?? []) as AsyncIterable<Buffer>) {
        offsetBytes += chunk.length;
        attempts = 0;
        yield chunk;
      }
      if (response?.complete === true) return;
    } catch (error) {
      signal.throwIfAborted();
      cause = error;
    }
    if (content.strongValidator === undefined || attempts === MAXIMUM_ATTEMPTS) {
      throw sourceCut(host, offsetBytes, cause);
    }
    response = await askForRest(body, { offsetBytes, attempts, validator: content.strongValidator });
    attempts += 1;
  }
}

interface Break {
  readonly offsetBytes: number;
  /** Made in vain since the last byte. */
  readonly attempts: number;
  readonly validator: string;
}

/** Undefined when there is no answer now, and there may be one at the next attempt. */
async function askForRest(body: Body, at: Break): Promise<IncomingMessage | undefined> {
  const { host, content, signal } = body;
  const { offsetBytes, attempts, validator } = at;
  await pause(FIRST_PAUSE_MS * 2 ** attempts, undefined, { signal }).catch(() => {
    signal.throwIfAborted();
  });
  const response = await body.askFrom(offsetBytes, validator).catch(unlessFinal);
  if (!response) return undefined;
  if (response.statusCode === 206 && continues(response, content, offsetBytes)) return response;
  response.destroy();
  throw response.headers.etag === validator ? sourceCut(host, offsetBytes) : sourceChanged(host);
}

/** What may go better at the next attempt is no answer yet. */
function unlessFinal(error: unknown): undefined {
  if (error instanceof DomainError && error.kind === 'unavailable') return undefined;
  throw error;
}
