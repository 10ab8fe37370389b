import type { inference } from '@aimass/contracts';
import type { FastifyReply } from 'fastify';
import { uuidv7 } from 'uuidv7';
import type { AuthenticatedKey } from '../../identity/key-directory.js';
import type { UsageEvent, UsageSpool } from '../metering/usage-spool.js';
import type { CallFailure, CallListener } from '../replicas/pending-call.js';
import type { CompiledRoute } from '../routing/compiled-routes.js';
import { OipError, sendOipError } from './oip-error.js';
import type { RequestState } from './request-state.js';

/** What an answer needs to know of its request. */
export interface InferContext {
  readonly spool: UsageSpool;
  readonly state: RequestState & { readonly caller: AuthenticatedKey };
  readonly reply: FastifyReply;
  readonly route: CompiledRoute;
}

/** Turns what came of a call into the HTTP answer; a good one is metered first, and is refused when that fails. */
export class InferExchange implements CallListener {
  constructor(private readonly context: InferContext) {}

  answered(answer: inference.InferAnswer, modelVersionId: string): void {
    if (answer.status < 200 || answer.status > 299) return this.send(answer);
    this.context.spool.append(this.usage(modelVersionId), (error) => {
      if (error === null) return this.send(answer);
      const message = 'The gateway cannot record usage right now, so it does not answer. Try again shortly.';
      sendOipError(this.context.reply, new OipError(503, message, 5));
    });
  }

  failed(failure: CallFailure): void {
    const { reply } = this.context;
    if (reply.raw.destroyed) return;
    sendOipError(reply, new OipError(failure.status, failure.message, failure.retryAfter));
  }

  private send(answer: inference.InferAnswer): void {
    const { reply, state } = this.context;
    if (answer.jsonLength === undefined) reply.header('content-type', 'application/json');
    else {
      reply.header('content-type', 'application/octet-stream');
      reply.header('inference-header-content-length', answer.jsonLength);
    }
    if (answer.status === 503)
      reply.header('retry-after', Math.max(1, Math.ceil(answer.retryAfterMs / 1000)));
    reply.header('server-timing', serverTiming(answer, performance.now() - state.startedMs));
    reply.code(answer.status).send(answer.body);
  }

  private usage(modelVersionId: string): UsageEvent {
    const { state, route } = this.context;
    return {
      id: uuidv7(),
      occurredAt: new Date(),
      organizationId: state.caller.organizationId,
      keyId: state.caller.keyId,
      requestId: state.requestId,
      modelName: route.name,
      deploymentId: route.deploymentId,
      modelVersionId,
      ownerOrganizationId: route.ownerOrganizationId,
      subscriptionId: route.subscriptionId,
      quantity: 1,
    };
  }
}

/** Milliseconds: in the gateway and on the way, waiting for the engine, in the engine. */
function serverTiming({ queueUs, computeUs }: inference.InferAnswer, totalMs: number): string {
  const queueMs = queueUs / 1000;
  const computeMs = computeUs / 1000;
  const gatewayMs = Math.max(0, totalMs - queueMs - computeMs);
  return `gateway;dur=${gatewayMs.toFixed(3)}, queue;dur=${queueMs.toFixed(3)}, compute;dur=${computeMs.toFixed(3)}`;
}
