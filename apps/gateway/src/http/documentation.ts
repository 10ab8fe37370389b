import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import fastifyStatic from '@fastify/static';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import type { INestApplicationContext } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import { openApiDocument } from './openapi.js';
import { ROUTE } from './route.js';
import type { RouteSpec } from './route.js';

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>AI Mass API</title>
    <link rel="stylesheet" href="/docs/assets/swagger-ui.css" />
    <link rel="icon" href="/docs/assets/favicon-32x32.png" />
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="/docs/assets/swagger-ui-bundle.js"></script>
    <script src="/docs/page.js"></script>
  </body>
</html>
`;

// A file of its own, since the content security policy allows no inline script.
const PAGE_SCRIPT = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#swagger-ui', deepLinking: true });\n`;

/** Serves `/openapi.json` and, for people, `/docs`. */
export async function registerDocumentation(
  fastify: FastifyInstance,
  app: INestApplicationContext,
  version: string,
): Promise<void> {
  const document = JSON.stringify(openApiDocument(findRoutes(app), version));
  const assets = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
  await fastify.register(fastifyStatic, {
    root: assets,
    prefix: '/docs/assets/',
    decorateReply: false,
    index: false,
  });
  fastify.get('/openapi.json', (_, reply) => reply.type('application/json').send(document));
  // The web console is an application of its own, not yet part of the platform; until then its address leads here.
  fastify.get('/console', (_, reply) => reply.redirect('/docs'));
  fastify.get('/docs', (_, reply) => reply.type('text/html').send(PAGE));
  fastify.get('/docs/page.js', (_, reply) => reply.type('text/javascript').send(PAGE_SCRIPT));
}

function findRoutes(app: INestApplicationContext): RouteSpec[] {
  const reflector = app.get(Reflector);
  const scanner = new MetadataScanner();
  return app
    .get(DiscoveryService)
    .getControllers()
    .flatMap(({ instance }) => {
      const prototype = Object.getPrototypeOf(instance) as Record<string, unknown>;
      return scanner.getAllMethodNames(prototype).flatMap((name) => {
        const method = prototype[name];
        const spec =
          typeof method === 'function' ? reflector.get<RouteSpec | undefined>(ROUTE, method) : undefined;
        return spec ? [spec] : [];
      });
    });
}
