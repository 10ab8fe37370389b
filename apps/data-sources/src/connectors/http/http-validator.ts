import { createHash } from 'node:crypto';
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { z } from 'zod';

/** How a server names the state of a resource. The URL is kept as its digest, since it may hold a signature. */
const validatorSchema = z.object({
  url: z.string(),
  etag: z.string().optional(),
  lastModified: z.string().optional(),
});

/** The validator of an answer as text; null when the server has no name for the state of what it sends. */
export function validatorOf(response: IncomingMessage, url: URL): string | null {
  const { etag } = response.headers;
  const lastModified = response.headers['last-modified'];
  if (etag === undefined && lastModified === undefined) return null;
  return JSON.stringify({ url: digestOf(url), etag, lastModified });
}

/** The headers that ask for a change since that validator; none for another URL than the one it came from. */
export function conditionsFor(validator: string | null, url: URL): OutgoingHttpHeaders {
  const previous = validatorSchema.safeParse(parsed(validator)).data;
  if (previous?.url !== digestOf(url)) return {};
  if (previous.etag !== undefined) return { 'if-none-match': previous.etag };
  return previous.lastModified === undefined ? {} : { 'if-modified-since': previous.lastModified };
}

function digestOf(url: URL): string {
  return createHash('sha256').update(url.href).digest('hex');
}

function parsed(validator: string | null): unknown {
  try {
    return JSON.parse(validator ?? 'null');
  } catch {
    return undefined;
  }
}
