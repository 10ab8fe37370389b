import { readFileSync } from 'node:fs';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { DataPlane } from '../data-plane.js';
import type { CompiledRoute, CompiledVariant } from '../routing/compiled-routes.js';
import { findRoute, findVariant } from './find-route.js';
import { describeModel } from './model-metadata.js';
import { parseModelPath } from './model-path.js';
import { OipError } from './oip-error.js';
import { callerOf } from './request-state.js';

const JSON_TYPE = 'application/json; charset=utf-8';

/** The protocol's routes that only read. */
export class MetadataHandlers {
  private readonly server: string;

  constructor(private readonly plane: DataPlane) {
    this.server = JSON.stringify({ name: 'aimass', version: packageVersion(), extensions: [] });
  }

  serverMetadata(reply: FastifyReply): void {
    reply.header('content-type', JSON_TYPE).send(this.server);
  }

  live(reply: FastifyReply): void {
    reply.header('content-type', JSON_TYPE).send('{"live":true}');
  }

  ready(reply: FastifyReply): void {
    const ready = this.plane.isReady();
    reply
      .code(ready ? 200 : 503)
      .header('content-type', JSON_TYPE)
      .send(JSON.stringify({ ready }));
  }

  /** `GET /v2/models/…`: a model's metadata or readiness. */
  model(request: FastifyRequest, reply: FastifyReply): void {
    const path = parseModelPath((request.params as { '*': string })['*']);
    if (path === null) throw new OipError(404, `There is nothing at ${request.url}.`);
    if (path.action === 'infer') throw new OipError(405, 'Predictions are asked for with POST.');
    const route = findRoute(this.plane, callerOf(request).caller, path.name);
    const variant = path.version === undefined ? undefined : findVariant(route, path.version);
    if (path.action === 'ready') this.modelReady(reply, route, variant);
    else reply.header('content-type', JSON_TYPE).send(JSON.stringify(describeModel(route, variant)));
  }

  private modelReady(reply: FastifyReply, route: CompiledRoute, variant: CompiledVariant | undefined): void {
    const asked = variant ? [variant] : route.variants.filter(({ weight }) => weight > 0);
    const ready = asked.every(({ modelVersionId }) => this.plane.replicas.isReady(modelVersionId));
    const body = JSON.stringify({ name: route.name, ready });
    reply
      .code(ready ? 200 : 503)
      .header('content-type', JSON_TYPE)
      .send(body);
  }
}

function packageVersion(): string {
  const manifest: unknown = JSON.parse(
    readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
  );
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : '';
}
