import type { Answer, Connection } from './answer.js';
import { GrpcExchange } from './grpc-exchange.js';
import { exchangeHttp } from './http-exchange.js';
import { isJsonObject } from './lossless-json.js';
import { firstDifference, show } from './match.js';
import type { Expectation, Feature, Step, Vector } from './vector.js';

/** The server and what of it is known. */
export interface Target {
  /** `http://host:port` */
  readonly url: string;
  /** `host:port`; without it the features over gRPC are not asked for. */
  readonly grpc?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether an alias was named. */
  readonly hasAlias?: boolean;
  /** Asks for features that the server does not say it has, too. */
  readonly isAll?: boolean;
  /** What is tolerated, and a model that is missing, are failures. */
  readonly isStrict?: boolean;
}

/** What came of one vector. */
export interface VectorResult {
  readonly name: string;
  readonly feature: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** The first difference, or why it was skipped. */
  readonly reason?: string;
  /** What was tolerated. */
  readonly flags: readonly string[];
}

/** A request is given up after this long. */
const TIMEOUT_MS = 30_000;
/** Between two tries of a step that has time. */
const RETRY_MS = 100;
const NO_SUCH_THING: readonly (number | string)[] = [404, 405, 501, 'UNIMPLEMENTED'];

/** The vectors against one server, feature by feature. Close it at the end. */
export class Suite {
  private readonly connection: Connection;
  private readonly grpc: GrpcExchange | undefined;
  private readonly isReady = new Map<string, Promise<boolean>>();
  private extensions: Promise<readonly string[]> | undefined;

  constructor(private readonly target: Target) {
    this.connection = { headers: target.headers ?? {}, timeoutMs: TIMEOUT_MS };
    this.grpc = target.grpc === undefined ? undefined : new GrpcExchange(target.grpc, this.connection);
  }

  /** Why the server does not offer a feature; undefined when it does. */
  async notOffered(feature: Feature): Promise<string | undefined> {
    if (feature.needs === 'grpc' && this.grpc === undefined) return 'no gRPC address was given';
    if (feature.needs === 'alias' && this.target.hasAlias !== true) return 'no alias was given';
    if (this.target.isAll === true) return undefined;
    return (await this.notNamed(feature)) ?? (await this.notProbed(feature));
  }

  /** Runs one vector; never throws. */
  async run(vector: Vector): Promise<VectorResult> {
    const { name, feature } = vector;
    const flags: string[] = [];
    const missing = await this.missingModel(vector);
    if (missing !== undefined) {
      const outcome = this.target.isStrict === true ? 'failed' : 'skipped';
      return { name, feature, outcome, reason: `the model ${missing} is not ready`, flags };
    }
    for (const step of vector.steps) {
      const { difference, answer } = await this.runStep(step);
      flags.push(...(answer?.flags ?? []));
      const strict = this.target.isStrict === true ? answer?.flags[0] : undefined;
      const reason = difference ?? strict;
      if (reason !== undefined) return { name, feature, outcome: 'failed', reason, flags };
    }
    return { name, feature, outcome: 'passed', flags };
  }

  close(): void {
    this.grpc?.close();
  }

  private async runStep(step: Step): Promise<{ difference?: string; answer?: Answer }> {
    const deadline = Date.now() + (step.withinSeconds ?? 0) * 1000;
    for (;;) {
      const outcome = await this.tryStep(step);
      if (outcome.difference === undefined || Date.now() >= deadline) return outcome;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  private async tryStep(step: Step): Promise<{ difference?: string; answer?: Answer }> {
    try {
      const answer = await this.ask(step);
      const difference = differenceOf(step, answer);
      return difference === undefined ? { answer } : { difference, answer };
    } catch (error) {
      return { difference: `no answer that can be read: ${String(error)}` };
    }
  }

  private async ask({ http, grpc }: Pick<Step, 'http' | 'grpc'>): Promise<Answer> {
    if (http !== undefined) return exchangeHttp(this.target.url, this.connection, http);
    if (grpc === undefined || this.grpc === undefined) throw new Error('The step asks nothing.');
    return this.grpc.exchange(grpc);
  }

  /** The server's metadata name none of the feature's extensions. */
  private async notNamed({ extensions }: Feature): Promise<string | undefined> {
    if (extensions === undefined) return undefined;
    this.extensions ??= this.readExtensions();
    const offered = await this.extensions;
    if (extensions.some((name) => offered.includes(name))) return undefined;
    return `the server's extensions ${show([...offered])} do not name it`;
  }

  /** The server does not know what the feature's first request asks for. */
  private async notProbed({ probe, isOptional }: Feature): Promise<string | undefined> {
    if (probe === undefined) return undefined;
    const { status } = await this.ask(probe);
    const isRefused =
      isOptional === true ? status !== 200 && status !== 'OK' : NO_SUCH_THING.includes(status);
    return isRefused ? `the server answers ${status}` : undefined;
  }

  private async readExtensions(): Promise<readonly string[]> {
    const { body } = await this.ask({ http: { method: 'GET', path: '/v2' } });
    const names = isJsonObject(body) ? body['extensions'] : undefined;
    return Array.isArray(names) ? names.map(String) : [];
  }

  private async missingModel({ models }: Vector): Promise<string | undefined> {
    for (const model of models) {
      let ready = this.isReady.get(model);
      if (ready === undefined) {
        ready = this.asksReady(model);
        this.isReady.set(model, ready);
      }
      if (!(await ready)) return model;
    }
    return undefined;
  }

  private async asksReady(model: string): Promise<boolean> {
    const step: Step = {
      http: { method: 'GET', path: `/v2/models/${model}/ready` },
      expect: { body: { ready: true }, orEmpty: true },
    };
    return (await this.tryStep(step)).difference === undefined;
  }
}

function differenceOf(step: Step, answer: Answer): string | undefined {
  const expected = step.expect;
  const allowed = [expected.status ?? (step.http === undefined ? 'OK' : 200)].flat();
  if (!allowed.includes(answer.status)) {
    return `the status is ${answer.status} instead of ${allowed.join(' or ')}: ${show(answer.body)}`;
  }
  if (answer.isEmpty && expected.orEmpty === true) return undefined;
  if (expected.messages !== undefined) {
    return firstDifference([...expected.messages], [...(answer.messages ?? [])]);
  }
  return firstDifference(bodyOf(expected, answer), answer.body);
}

/** A refusal says why, whether the vector asks for it or not. */
function bodyOf(expected: Expectation, { status }: Answer): Expectation['body'] {
  const isRefusal = typeof status === 'number' ? status >= 400 : status !== 'OK';
  return expected.body ?? (isRefusal ? { error: '$text' } : undefined);
}
