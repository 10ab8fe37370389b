import type { FastifyInstance } from 'fastify';

/** `/healthz`: the process runs. `/readyz`: it can answer, as `isReady` says. Both are open. */
export function registerHealth(fastify: FastifyInstance, isReady: () => boolean): void {
  fastify.get('/healthz', (_, reply) => reply.send({ status: 'ok' }));
  fastify.get('/readyz', (_, reply) => {
    const ready = isReady();
    return reply.status(ready ? 200 : 503).send({ status: ready ? 'ready' : 'starting' });
  });
}
