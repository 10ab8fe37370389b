/** Bytes from `start` up to, not including, `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * What part of a file of `sizeBytes` a `Range` header asks for (RFC 9110, section 14): null for the whole, which is also
 * the answer to what cannot be read and to several ranges; `unsatisfiable` for a part that is not there.
 */
export function requestedRange(
  header: string | undefined,
  sizeBytes: number,
): ByteRange | null | 'unsatisfiable' {
  const text = header?.trim() ?? '';
  const [, suffix] = /^bytes=-(\d{1,15})$/i.exec(text) ?? [];
  if (suffix !== undefined) return satisfiable(Math.max(0, sizeBytes - Number(suffix)), sizeBytes, sizeBytes);
  const [, first, last] = /^bytes=(\d{1,15})-(\d{0,15})$/i.exec(text) ?? [];
  return first === undefined ? null : fromTo(Number(first), last, sizeBytes);
}

function fromTo(start: number, last: string | undefined, sizeBytes: number) {
  if (last === undefined || last === '') return satisfiable(start, sizeBytes, sizeBytes);
  return Number(last) < start ? null : satisfiable(start, Math.min(sizeBytes, Number(last) + 1), sizeBytes);
}

function satisfiable(start: number, end: number, sizeBytes: number): ByteRange | 'unsatisfiable' {
  return start >= sizeBytes ? 'unsatisfiable' : { start, end };
}

/** Whether an `If-None-Match` header names the tag; weak and strong ones are the same here (RFC 9110, 13.1.2). */
export function namesTag(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  const plain = (text: string) => text.trim().replace(/^W\//, '');
  return header.trim() === '*' || header.split(',').some((one) => plain(one) === plain(tag));
}
