import { inference } from '@aimass/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { mayDo } from '../../identity/roles.js';
import type { DataPlane } from '../data-plane.js';
import type { Verdict } from '../limits/limiter.js';
import { rateFields } from '../limits/rate-headers.js';
import type { CompiledRoute } from '../routing/compiled-routes.js';
import { findRoute, findVariant } from './find-route.js';
import { InferExchange } from './infer-exchange.js';
import { parseModelPath } from './model-path.js';
import { OipError, sendOipError } from './oip-error.js';
import { checkContentType, jsonLengthOf, timeoutOf } from './request-headers.js';
import { callerOf } from './request-state.js';

const EMPTY = Buffer.alloc(0);

/** A request that may be sent to a replica if the limits allow. */
interface Admissible {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly route: CompiledRoute;
  /** The version slot. */
  readonly slot: string | undefined;
}

/** `POST /v2/models/…/infer`. Everything up to the replica is memory reads; the body is not looked into. */
export class InferHandler {
  constructor(private readonly plane: DataPlane) {}

  /** Answers later, through the reply. Throws OipError for what is refused at once. */
  handle(request: FastifyRequest, reply: FastifyReply): void {
    const path = parseModelPath((request.params as { '*': string })['*']);
    if (path === null) throw new OipError(404, `There is nothing at ${request.url}.`);
    if (path.action !== 'infer') throw new OipError(405, 'This is read with GET.');
    const { caller } = callerOf(request);
    if (!mayDo(caller, 'infer')) {
      throw new OipError(
        403,
        `The role ${caller.role} may not ask for predictions. Use a developer or operator key.`,
      );
    }
    const route = findRoute(this.plane, caller, path.name);
    const admissible = { request, reply, route, slot: path.version };
    const policies = route.policiesFor(caller.keyId);
    if (policies.length === 0) return this.send(admissible);
    const verdict = this.plane.limiter.admit(policies);
    if (!(verdict instanceof Promise)) return this.sendIfAdmitted(admissible, verdict);
    verdict
      .then((late) => this.sendIfAdmitted(admissible, late))
      .catch((error: unknown) => sendOipError(reply, asOipError(error)));
  }

  private sendIfAdmitted(admissible: Admissible, verdict: Verdict): void {
    const { reply } = admissible;
    const rate = rateFields(verdict);
    reply.header('ratelimit-policy', rate.policy).header('ratelimit', rate.state);
    if (verdict.isAdmitted) return this.send(admissible);
    const { requests, windowSeconds } = verdict.tightest.policy;
    const limit = `${requests} requests per ${windowSeconds === 1 ? 'second' : `${windowSeconds} seconds`}`;
    const message = `The limit of ${limit} is used up. Try again in ${rate.retryAfter} s.`;
    sendOipError(reply, new OipError(429, message, rate.retryAfter));
  }

  private send({ request, reply, route, slot }: Admissible): void {
    const { headers } = request;
    const state = callerOf(request);
    const body = Buffer.isBuffer(request.body) ? request.body : EMPTY;
    const jsonLength = jsonLengthOf(headers, body.length);
    checkContentType(headers);
    const deadlineMs = state.startedMs + timeoutOf(headers, this.plane.config.REQUEST_TIMEOUT_MS);
    const variant = slot === undefined ? route.choice.next() : findVariant(route, slot);
    const { modelVersionId, predecessors } = variant;
    const exchange = new InferExchange({ spool: this.plane.spool, state, reply, route });
    const encoding = inference.BodyEncoding.OIP_REST;
    const modelName = route.name;
    const model = { modelVersionId, predecessors, modelName };
    const spec = { ...model, encoding, priority: 0, jsonLength, body, deadlineMs };
    const call = this.plane.replicas.send(spec, exchange);
    if (call.isOpen) reply.raw.once('close', () => call.cancel());
  }
}

function asOipError(error: unknown): OipError {
  if (error instanceof OipError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new OipError(503, message, 1);
}
