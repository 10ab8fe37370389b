import type { FastifyReply, FastifyRequest } from 'fastify';
import type { OipBackend } from '../backend.js';
import { OipError } from '../oip-error.js';
import { parseModelPath } from './model-path.js';
import type { ModelPath } from './model-path.js';
import { stateOf } from './request-state.js';
import { configJson, metadataJson, statisticsJson } from './rest-json.js';
import { sendJson } from './send-json.js';

/** The protocol's routes that only read. */
export class ReadRoutes<Caller> {
  private readonly server: string;

  constructor(private readonly backend: OipBackend<Caller>) {
    this.server = JSON.stringify(backend.server);
  }

  serverMetadata(reply: FastifyReply): void {
    sendJson(reply, 200, this.server);
  }

  live(reply: FastifyReply): void {
    sendJson(reply, 200, '{"live":true}');
  }

  ready(reply: FastifyReply): void {
    const ready = this.backend.isReady();
    sendJson(reply, ready ? 200 : 503, JSON.stringify({ ready }));
  }

  /** `GET /v2/models` */
  models(request: FastifyRequest, reply: FastifyReply): void {
    const models = this.backend.modelNames(stateOf(request).caller as Caller);
    sendJson(reply, 200, JSON.stringify({ models }));
  }

  /** `GET /v2/models/stats` */
  allStatistics(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    return this.statistics(reply, stateOf(request).caller as Caller, undefined);
  }

  /** `GET /v2/models/…`: metadata, configuration, readiness or statistics. A promise when others have to be asked. */
  model(request: FastifyRequest, reply: FastifyReply): void | Promise<void> {
    const path = parseModelPath((request.params as { '*': string })['*']);
    if (path === null) throw new OipError(404, `There is nothing at ${request.url}.`);
    const caller = stateOf(request).caller as Caller;
    if (path.action === 'infer') throw new OipError(405, 'Predictions are asked for with POST.');
    if (path.action === 'stats') return this.statistics(reply, caller, path);
    if (path.action === 'ready') return this.modelReady(reply, caller, path);
    const model = this.backend.describe(caller, path.name, path.version);
    sendJson(reply, 200, JSON.stringify(path.action === 'config' ? configJson(model) : metadataJson(model)));
  }

  private modelReady(reply: FastifyReply, caller: Caller, { name, version }: ModelPath): void {
    const ready = this.backend.isModelReady(caller, name, version);
    sendJson(reply, ready ? 200 : 503, JSON.stringify({ name, ready }));
  }

  private async statistics(reply: FastifyReply, caller: Caller, path: ModelPath | undefined): Promise<void> {
    const found = await this.backend.statistics(caller, path?.name, path?.version);
    sendJson(reply, 200, JSON.stringify({ model_stats: found.map(statisticsJson) }));
  }
}
