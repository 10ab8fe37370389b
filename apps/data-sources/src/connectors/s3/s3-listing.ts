import { sourceAnswerRefused } from '../reading.errors.js';
import { elementsOf, textOf, xmlRoot } from './s3-answer.js';
import type { XmlElement } from '@rgrove/parse-xml';

/** One object of a bucket. */
export interface S3Object {
  readonly key: string;
  readonly sizeBytes: number;
  /** With its quotes. */
  readonly etag: string;
}

/** A page of a listing. */
export interface S3Page {
  readonly objects: readonly S3Object[];
  /** For the next page; undefined on the last one. */
  readonly continuationToken: string | undefined;
}

/** Reads a page of ListObjectsV2. Throws `source_answer_refused` for what is none. */
export function parsePage(xml: string, host: string): S3Page {
  const root = xmlRoot(xml, host);
  if (root.name !== 'ListBucketResult') throw sourceAnswerRefused(host, 'it is no listing of a bucket');
  const isEncoded = textOf(root, 'EncodingType') === 'url';
  const objects = elementsOf(root, 'Contents').map((element) => objectOf(element, isEncoded, host));
  const token = textOf(root, 'NextContinuationToken');
  const isTruncated = textOf(root, 'IsTruncated') === 'true';
  if (isTruncated && (token === undefined || token === '')) {
    throw sourceAnswerRefused(host, 'its listing goes on and does not say where');
  }
  return { objects, continuationToken: isTruncated ? token : undefined };
}

function objectOf(element: XmlElement, isEncoded: boolean, host: string): S3Object {
  const key = textOf(element, 'Key') ?? '';
  const size = textOf(element, 'Size') ?? '';
  const etag = textOf(element, 'ETag') ?? '';
  if (key === '' || !/^\d{1,15}$/.test(size)) {
    throw sourceAnswerRefused(host, 'its listing has an object without key or size');
  }
  return { key: isEncoded ? decodeKey(key, host) : key, sizeBytes: Number(size), etag: quoted(etag) };
}

/** Some servers leave the quotes away. */
function quoted(etag: string): string {
  return etag === '' || etag.startsWith('"') ? etag : `"${etag}"`;
}

function decodeKey(key: string, host: string): string {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '));
  } catch {
    throw sourceAnswerRefused(host, 'its listing has a key that is not well encoded');
  }
}
