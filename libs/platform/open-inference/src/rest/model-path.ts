/** What can be done with a model; `metadata` is the path without a last word. */
export type ModelAction = 'infer' | 'ready' | 'config' | 'stats' | 'load' | 'unload' | 'metadata';

/** What a URL below `/v2/models/` or `/v2/repository/models/` names. */
export interface ModelPath {
  /** `name` or `vendor/name`. */
  readonly name: string;
  /** The version slot: a number, a version id or an alias. */
  readonly version: string | undefined;
  readonly action: ModelAction;
}

const MODEL_ACTIONS: ReadonlyMap<string, ModelAction> = new Map([
  ['infer', 'infer'],
  ['ready', 'ready'],
  ['config', 'config'],
  ['stats', 'stats'],
]);
const REPOSITORY_ACTIONS: ReadonlyMap<string, ModelAction> = new Map([
  ['load', 'load'],
  ['unload', 'unload'],
]);

/**
 * Reads what follows `/v2/models/`, already percent-decoded, so that `vendor/name` and `vendor%2Fname` are the same.
 * Null when it is not a path of the protocol. The protocol's own words win: `…/ready` is never a model called `ready`.
 */
export function parseModelPath(rest: string): ModelPath | null {
  return parse(rest, MODEL_ACTIONS);
}

/** Reads what follows `/v2/repository/models/`: the same with `load` and `unload`, one of which must be there. */
export function parseRepositoryPath(rest: string): ModelPath | null {
  const path = parse(rest, REPOSITORY_ACTIONS);
  return path?.action === 'metadata' ? null : path;
}

function parse(rest: string, actions: ReadonlyMap<string, ModelAction>): ModelPath | null {
  const segments = rest.split('/');
  const action = actions.get(segments.at(-1) ?? '') ?? 'metadata';
  if (action !== 'metadata') segments.pop();
  let version: string | undefined;
  if (segments.length >= 3 && segments.at(-2) === 'versions') {
    version = segments.pop();
    segments.pop();
  }
  const isName =
    (segments.length === 1 || segments.length === 2) && segments.every((segment) => segment !== '');
  if (!isName || version === '') return null;
  return { name: segments.join('/'), version, action };
}
