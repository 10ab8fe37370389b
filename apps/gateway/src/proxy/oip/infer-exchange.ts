import { inference } from '@aimass/contracts';
import { OipError } from '@aimass/platform-open-inference';
import type { InferHandle, InferRequest, InferSink } from '@aimass/platform-open-inference';
import { uuidv7 } from 'uuidv7';
import type { AuthenticatedKey } from '../../identity/key-directory.js';
import { mayDo } from '../../identity/roles.js';
import type { DataPlane } from '../data-plane.js';
import type { Verdict } from '../limits/limiter.js';
import { rateFields } from '../limits/rate-headers.js';
import type { UsageEvent } from '../metering/usage-spool.js';
import type { CallFailure, CallListener, PendingCall } from '../replicas/pending-call.js';
import type { CompiledRoute } from '../routing/compiled-routes.js';
import { findRoute, findVariant } from './find-route.js';

const ENCODINGS = { rest: inference.BodyEncoding.OIP_REST, grpc: inference.BodyEncoding.OIP_GRPC };

/** What one prediction needs of its surroundings. */
export interface InferContext {
  readonly plane: DataPlane;
  readonly caller: AuthenticatedKey;
}

/**
 * One prediction through the data plane, whatever transport it came by: role, route, limits, version, replica. A good
 * answer is metered before it leaves, and is refused when that fails. Everything up to the replica is memory reads.
 */
export class InferExchange implements CallListener, InferHandle {
  private readonly route: CompiledRoute;
  private call: PendingCall | undefined;
  private isCancelled = false;

  /** Throws OipError 403 or 404. */
  constructor(
    private readonly context: InferContext,
    private readonly request: InferRequest,
    private readonly sink: InferSink,
  ) {
    const { plane, caller } = context;
    if (!mayDo(caller, 'infer')) {
      throw new OipError(
        403,
        `The role ${caller.role} may not ask for predictions. Use a developer or operator key.`,
      );
    }
    this.route = findRoute(plane, caller, request.name);
  }

  /** Sends it on its way; null when the sink has heard already. Throws OipError. */
  start(): InferHandle | null {
    const { plane, caller } = this.context;
    const policies = this.route.policiesFor(caller.keyId);
    if (policies.length === 0) return this.send();
    const verdict = plane.limiter.admit(policies);
    if (!(verdict instanceof Promise)) return this.sendIfAdmitted(verdict);
    verdict
      .then((late) => (this.isCancelled ? null : this.sendIfAdmitted(late)))
      .catch((error: unknown) => this.sink.fail(asOipError(error)));
    return this;
  }

  cancel(): void {
    this.isCancelled = true;
    this.call?.cancel();
  }

  answered(answer: inference.InferAnswer, modelVersionId: string): void {
    if (answer.status < 200 || answer.status > 299) return this.sink.answer(answer);
    this.context.plane.spool.append(this.usage(modelVersionId), (error) => {
      if (error === null) return this.sink.answer(answer);
      const message = 'The gateway cannot record usage right now, so it does not answer. Try again shortly.';
      this.sink.fail(new OipError(503, message, 5));
    });
  }

  failed(failure: CallFailure): void {
    this.sink.fail(new OipError(failure.status, failure.message, failure.retryAfter));
  }

  private sendIfAdmitted(verdict: Verdict): InferHandle | null {
    const rate = rateFields(verdict);
    this.sink.setHeader('ratelimit-policy', rate.policy);
    this.sink.setHeader('ratelimit', rate.state);
    if (verdict.isAdmitted) return this.send();
    const { requests, windowSeconds } = verdict.tightest.policy;
    const limit = `${requests} requests per ${windowSeconds === 1 ? 'second' : `${windowSeconds} seconds`}`;
    const message = `The limit of ${limit} is used up. Try again in ${rate.retryAfter} s.`;
    this.sink.fail(new OipError(429, message, rate.retryAfter));
    return null;
  }

  private send(): InferHandle | null {
    const { route, request } = this;
    const { version } = request;
    const variant = version === undefined ? route.choice.next() : findVariant(route, version);
    const spec = {
      modelVersionId: variant.modelVersionId,
      predecessors: variant.predecessors,
      modelName: route.name,
      encoding: ENCODINGS[request.encoding],
      priority: request.priority,
      jsonLength: request.jsonLength,
      body: request.body,
      deadlineMs: request.deadlineMs,
    };
    this.call = this.context.plane.replicas.send(spec, this);
    return this.call.isOpen ? this : null;
  }

  private usage(modelVersionId: string): UsageEvent {
    const { route, request } = this;
    const { caller } = this.context;
    return {
      id: uuidv7(),
      occurredAt: new Date(),
      organizationId: caller.organizationId,
      keyId: caller.keyId,
      requestId: request.requestId,
      modelName: route.name,
      deploymentId: route.deploymentId,
      modelVersionId,
      ownerOrganizationId: route.ownerOrganizationId,
      subscriptionId: route.subscriptionId,
      quantity: 1,
    };
  }
}

function asOipError(error: unknown): OipError {
  if (error instanceof OipError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new OipError(503, message, 1);
}
