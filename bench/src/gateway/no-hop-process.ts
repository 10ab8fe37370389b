import fastify from 'fastify';
import type { AddressInfo } from 'node:net';

/** The least that a gateway could do: bare Fastify that answers every POST with the same bytes. */
const answer = Buffer.from(process.argv[2] ?? '', 'base64');
const app = fastify({ forceCloseConnections: true });
app.post('/', (_request, reply) => void reply.header('content-type', 'application/json').send(answer));
await app.listen({ host: '127.0.0.1', port: 0 });
process.on('disconnect', () => process.exit(0));
process.send?.({ port: (app.server.address() as AddressInfo).port });
