/** What a URL below `/v2/models/` names. */
export interface ModelPath {
  /** `name` or `vendor/name`. */
  readonly name: string;
  /** The version slot: a number, a version id or an alias. */
  readonly version: string | undefined;
  readonly action: 'infer' | 'ready' | 'metadata';
}

/**
 * Reads what follows `/v2/models/`, already percent-decoded, so that `vendor/name` and `vendor%2Fname` are the same.
 * Null when it is not a path of the protocol. The protocol's own words win: `…/ready` is never a model called `ready`.
 */
export function parseModelPath(rest: string): ModelPath | null {
  const segments = rest.split('/');
  const last = segments.at(-1);
  const action = last === 'infer' || last === 'ready' ? last : 'metadata';
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
