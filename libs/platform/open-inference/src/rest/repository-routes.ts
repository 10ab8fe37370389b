import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { OipBackend } from '../backend.js';
import { OipError } from '../oip-error.js';
import { refuseOverrides } from '../overrides.js';
import { checkContentType } from '../request-headers.js';
import { parseRepositoryPath } from './model-path.js';
import { stateOf } from './request-state.js';
import { sendJson } from './send-json.js';

const parameters = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));
const indexBody = z.object({ ready: z.boolean().optional() });
const loadBody = z.object({ parameters: parameters.optional() });

/** The model repository extension. */
export class RepositoryRoutes<Caller> {
  constructor(private readonly backend: OipBackend<Caller>) {}

  /** `POST /v2/repository/index` */
  async index(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { ready } = parseBody(request, indexBody);
    const entries = await this.backend.index(stateOf(request).caller as Caller);
    const shown = ready === true ? entries.filter(({ state }) => state === 'READY') : entries;
    sendJson(reply, 200, JSON.stringify(shown));
  }

  /** `POST /v2/repository/models/…/load` and `…/unload`; answered once it is done, with an empty body. */
  async model(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const path = parseRepositoryPath((request.params as { '*': string })['*']);
    if (path === null) throw new OipError(404, `There is nothing at ${request.url}.`);
    refuseOverrides(Object.keys(parseBody(request, loadBody).parameters ?? {}));
    const caller = stateOf(request).caller as Caller;
    if (path.action === 'load') await this.backend.load(caller, path.name, path.version);
    else await this.backend.unload(caller, path.name, path.version);
    reply.code(200).send();
  }
}

function parseBody<T>(request: FastifyRequest, schema: z.ZodType<T>): T {
  checkContentType(request.headers);
  const body = Buffer.isBuffer(request.body) ? request.body.toString() : '';
  let value: unknown;
  try {
    value = body.trim() === '' ? {} : JSON.parse(body);
  } catch {
    throw new OipError(400, 'The body is not valid JSON.');
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new OipError(400, `The body is not valid. ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}.`);
}
