import { DomainError } from '@aimass/platform-errors';

/** A page of a list in ascending order of id. */
export interface Page<T> {
  readonly items: T[];
  /** Empty on the last page. */
  readonly nextPageToken: string;
}

/** What a list call asks for, as it came in. */
export interface PageRequest {
  /** 0 means 50. */
  readonly pageSize: number;
  readonly pageToken: string;
}

/** Where to continue and how many rows to read. */
export interface PageBounds {
  /** Rows with a greater id follow; empty for the first page. */
  readonly afterId: string;
  readonly size: number;
}

/** Checks a page request. Throws `invalid` for a size out of 0..200 or a token that is not ours. */
export function pageBounds(request: PageRequest): PageBounds {
  if (!(request.pageSize >= 0 && request.pageSize <= 200)) {
    throw new DomainError('invalid', 'page_size_invalid', 'pageSize must be between 1 and 200.');
  }
  const afterId = Buffer.from(request.pageToken, 'base64url').toString();
  if (request.pageToken !== '' && !/^[a-z]+_[0-9a-f]{32}$/.test(afterId)) {
    throw new DomainError(
      'invalid',
      'page_token_invalid',
      'pageToken must be the nextPageToken of an earlier page.',
    );
  }
  return { afterId, size: request.pageSize === 0 ? 50 : request.pageSize };
}

/** Makes a page of `bounds.size + 1` rows read in ascending order of id. */
export function toPage<T extends { readonly id: string }>(rows: readonly T[], bounds: PageBounds): Page<T> {
  const items = rows.slice(0, bounds.size);
  const last = items.at(-1);
  const hasMore = rows.length > bounds.size && last !== undefined;
  return { items, nextPageToken: hasMore ? Buffer.from(last.id).toString('base64url') : '' };
}
