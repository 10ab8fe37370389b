import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseJson } from './lossless-json.js';
import type { JsonObject, JsonValue } from './lossless-json.js';

/** A request over HTTP. The body is one of `json`, `text` and `base64`, followed by the tensors in `binary`. */
export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: JsonValue;
  readonly text?: string;
  readonly base64?: string;
  /** Raw tensors in hex. The header with the JSON's length is sent along; `headerLength` makes it say something else. */
  readonly binary?: readonly string[];
  readonly headerLength?: string;
}

/** A call over gRPC: one message, its recorded bytes, or the messages of a stream. */
export interface GrpcRequest {
  /** `ModelInfer`, or the full `grpc.health.v1.Health/Check`. */
  readonly rpc: string;
  readonly message?: JsonObject;
  readonly base64?: string;
  readonly messages?: readonly JsonObject[];
}

/** What a conforming server may answer; see the README for the matchers. */
export interface Expectation {
  /** HTTP statuses or names of gRPC statuses, any of which will do. 200 or OK when absent. */
  readonly status?: number | string | readonly (number | string)[];
  /** What the JSON or the message holds at least. */
  readonly body?: JsonValue;
  /** A stream's answers, in order. */
  readonly messages?: readonly JsonValue[];
  /** An empty body will do as well. */
  readonly orEmpty?: boolean;
}

/** One request and what is expected of its answer. */
export interface Step {
  readonly http?: HttpRequest;
  readonly grpc?: GrpcRequest;
  readonly expect: Expectation;
  /** Asks again until the answer fits, for as many seconds: what a server may do in its own time. */
  readonly withinSeconds?: number;
}

/** A conversation of one or more steps that a conforming server takes part in as expected. */
export interface Vector {
  /** What is guaranteed. */
  readonly name: string;
  readonly feature: string;
  /** Names of the models that must be there, as in `models.json`. */
  readonly models: readonly string[];
  readonly steps: readonly Step[];
}

/** What belongs together: servers offer all of it or nothing. */
export interface Feature {
  readonly name: string;
  readonly about: string;
  /** One of these in the server's metadata says that it is offered. */
  readonly extensions?: readonly string[];
  /** A request that is answered with "no such thing" where the feature is not offered. */
  readonly probe?: Pick<Step, 'http' | 'grpc'>;
  /** Any refusal of the probe says so, not only "no such thing": the protocol leaves it open. */
  readonly isOptional?: boolean;
  /** It needs this option of the runner. */
  readonly needs?: 'grpc' | 'alias';
  readonly vectors: readonly Vector[];
}

/** What to write for the placeholders in the vectors. */
export interface Placeholders {
  /** What the models' names begin with on this server; `oip-` in the vectors. */
  readonly prefix?: string | undefined;
  /** An alias of `oip-linear`'s version 1; `{alias}` in the vectors. */
  readonly alias?: string | undefined;
}

const FOLDER = fileURLToPath(new URL('../vectors/', import.meta.url));

/** Reads all vectors, in the order in which they run. */
export function loadFeatures({ prefix = 'oip-', alias = '' }: Placeholders = {}): Feature[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => {
      const text = readFileSync(`${FOLDER}${name}`, 'utf8');
      const filled = text.replaceAll('oip-', prefix).replaceAll('{alias}', alias);
      return toFeature(parseJson(filled) as unknown as FeatureFile, prefix);
    });
}

/** As written: a vector of one step is written without `steps`. */
interface FeatureFile extends Omit<Feature, 'name' | 'vectors'> {
  readonly feature: string;
  readonly vectors: readonly (Partial<Step> & { readonly name: string; readonly steps?: readonly Step[] })[];
}

function toFeature({ feature, vectors, ...rest }: FeatureFile, prefix: string): Feature {
  const modelName = new RegExp(`${prefix}[a-z0-9-]+`, 'gu');
  const unknownModel = `${prefix}no-such-model`;
  return {
    ...rest,
    name: feature,
    vectors: vectors.map(({ name, steps, ...step }) => {
      const all = steps ?? [{ expect: {}, ...step }];
      const requests = JSON.stringify(
        all.map(({ http, grpc }) => [http, grpc]),
        (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value),
      );
      const models = new Set(requests.match(modelName));
      models.delete(unknownModel);
      return { name, feature, models: [...models], steps: all };
    }),
  };
}
