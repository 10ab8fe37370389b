import { Metadata } from '@grpc/grpc-js';
import type { status } from '@grpc/grpc-js';
import { grpcStatusOf } from '../oip-error.js';
import type { OipError } from '../oip-error.js';

/** What ends a call. */
export interface GrpcStatus {
  readonly code: status;
  readonly details: string;
  readonly metadata: Metadata;
}

/** Trailers that are too large end the whole connection, and percent-encoding triples them. */
const MAX_DETAIL_CHARACTERS = 1_000;

/** A refusal as the status of a call, with `retry-after` (seconds) and gRPC's own pushback when a new try makes sense. */
export function grpcStatus(error: OipError, metadata = new Metadata()): GrpcStatus {
  if (error.retryAfter !== undefined) {
    metadata.set('retry-after', String(error.retryAfter));
    metadata.set('grpc-retry-pushback-ms', String(error.retryAfter * 1000));
  }
  return { code: grpcStatusOf(error.status), details: detailsOf(error.message), metadata };
}

/** At most 1,000 characters, never ending in half of one: that could not be encoded. */
function detailsOf(message: string): string {
  if (message.length <= MAX_DETAIL_CHARACTERS) return message;
  const cut = message.slice(0, MAX_DETAIL_CHARACTERS);
  const last = cut.charCodeAt(MAX_DETAIL_CHARACTERS - 1);
  return last >= 0xd800 && last <= 0xdbff ? cut.slice(0, -1) : cut;
}
