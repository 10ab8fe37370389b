import helmet from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';

/**
 * What helmet would say on answers that hold data and are never rendered, as OWASP's REST guidance has it. Written out,
 * because helmet puts its headers together anew for every answer.
 */
export const DATA_ANSWER_HEADERS: readonly string[] = [
  'content-security-policy',
  "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy',
  'same-origin',
  'referrer-policy',
  'no-referrer',
  'strict-transport-security',
  'max-age=31536000; includeSubDomains',
  'x-content-type-options',
  'nosniff',
  'x-frame-options',
  'DENY',
];

/** helmet on every route but the data plane's, which bring DATA_ANSWER_HEADERS. Call it before routes are added. */
export async function registerSecurityHeaders(fastify: FastifyInstance): Promise<void> {
  fastify.addHook('onRoute', (route) => {
    if (route.url === '/v2' || route.url.startsWith('/v2/')) route.helmet = false;
  });
  await fastify.register(helmet, {
    // The gateway itself speaks plain HTTP behind loopback or a TLS proxy: nothing may be upgraded behind its back.
    contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } },
  });
}
