import { isIP } from 'node:net';
import type { Egress } from '../../net/egress.js';
import { parseSourceUrl, portOf } from '../../net/source-url.js';
import type { S3SourceConfig } from '../../sources/source-config.js';
import { s3ConfigRefused } from './s3.errors.js';

/** Where requests about a bucket go. */
export interface S3Target {
  /** `https://host[:port]`, of the endpoint or, unless the bucket is in the path, of the bucket. */
  readonly origin: string;
  /** What every path begins with, percent-encoded: empty, or `/…` without a slash at its end. */
  readonly root: string;
  readonly host: string;
  readonly region: string;
}

const REGION = /^[a-z0-9-]{1,50}$/;
/** Wider than the rules of AWS, since other servers have others; an ARN, which would name another host, is none. */
const BUCKET = /^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$/;
/** Half a character, which no encoding can say. */
const LONE_SURROGATE = /\p{Surrogate}/u;
const HOST_LABELS = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/;

/**
 * Reads and checks where a source is, without the network. Throws `s3_refused`, `url_refused`, `host_refused` or
 * `blocked_address`.
 */
export function s3Target(config: S3SourceConfig, egress: Egress): S3Target {
  const { bucket, selection } = config;
  if (config.region !== '' && !REGION.test(config.region)) throw s3ConfigRefused('the region is none');
  if (!BUCKET.test(bucket) || bucket.includes('..')) throw s3ConfigRefused('the bucket is no name of one');
  if ('key' in selection) checkKey(selection.key);
  const endpoint = endpointOf(config);
  const url = config.isPathStyle ? endpoint : virtualHost(endpoint, bucket);
  egress.check(url.hostname, portOf(url));
  const base = url.pathname.replace(/\/$/, '');
  return {
    origin: url.origin,
    root: config.isPathStyle ? `${base}/${encodeSegment(bucket)}` : base,
    host: url.hostname,
    region: config.region === '' ? 'us-east-1' : config.region,
  };
}

/** A key as part of a path. Throws `s3_refused` for one that HTTP has no way to say. */
export function keyPath(key: string): string {
  checkKey(key);
  return key.split('/').map(encodeSegment).join('/');
}

/** Percent-encoded as signatures want it: everything but letters, digits, `-`, `.`, `_` and `~`. */
export function encodeSegment(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** In a path, `.` and `..` mean another place; that key could never be asked for, but perhaps another bucket. */
function checkKey(key: string): void {
  const isOfDots = key.split('/').some((segment) => segment === '.' || segment === '..');
  if (key === '' || isOfDots || LONE_SURROGATE.test(key)) {
    throw s3ConfigRefused('a key is empty, holds "." or ".." as a part, or is no Unicode text');
  }
}

function endpointOf({ endpoint, region }: S3SourceConfig): URL {
  if (endpoint !== '') {
    const url = parseSourceUrl(endpoint);
    if (url.search !== '') throw s3ConfigRefused('the endpoint has a query');
    return url;
  }
  if (region === '') throw s3ConfigRefused('it needs an endpoint or a region');
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  return new URL(`https://s3.${region}.${domain}/`);
}

function virtualHost(endpoint: URL, bucket: string): URL {
  const isName = isIP(endpoint.hostname) === 0 && !endpoint.hostname.startsWith('[');
  if (!isName || !HOST_LABELS.test(bucket)) {
    throw s3ConfigRefused('this bucket or endpoint cannot be parts of one host name; set isPathStyle');
  }
  return parseSourceUrl(endpoint.href.replace('://', `://${bucket}.`));
}
