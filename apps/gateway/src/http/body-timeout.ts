import { ReceiveTimeout } from '@aimass/platform-open-inference';
import type { FastifyInstance } from 'fastify';

/** Media types whose bodies are uploads: streams that may take long. */
export const UPLOAD_TYPES: ReadonlySet<string> = new Set([
  'application/octet-stream',
  'application/offset+octet-stream',
  'text/csv',
]);

/**
 * Ends requests of control routes whose body trickles in: 408. The body is read before anyone is asked who calls, so
 * nobody may hold it up. The data plane watches its own requests.
 */
export function registerBodyTimeout(fastify: FastifyInstance, longestMs: number): void {
  const receiving = new ReceiveTimeout(longestMs);
  fastify.addHook('onRequest', (request, _reply, done) => {
    const { method, url, headers, raw } = request;
    const mayHaveBody = method !== 'GET' && !url.startsWith('/v2/');
    const type = headers['content-type']?.split(';', 1)[0]?.trim() ?? '';
    if (mayHaveBody && !UPLOAD_TYPES.has(type)) receiving.expect(raw, performance.now());
    done();
  });
  fastify.addHook('preHandler', (request, _reply, done) => {
    receiving.received(request.raw);
    done();
  });
  receiving.start();
  fastify.addHook('onClose', (_instance, done) => {
    receiving.stop();
    done();
  });
}
