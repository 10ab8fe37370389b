import { Metadata, status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import { DomainError, KINDS, kindOfGrpcStatus } from '@aimass/platform-errors';
import type { ErrorKind, Violation } from '@aimass/platform-errors';

/** Trailer that carries kind, code and violations as JSON, so that a DomainError survives the hop unchanged. */
const DETAIL_KEY = 'aimass-error-bin';

/** Trailers that are too large end the whole connection, not just the call. Bytes of JSON. */
const MAX_VIOLATIONS_BYTES = 16 * 1024;
const MAX_MESSAGE_CHARACTERS = 2_000;

interface ErrorDetail {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly violations: readonly Violation[];
}

/** A DomainError as a gRPC status with trailers. */
export function toGrpcError(error: DomainError): { code: number; details: string; metadata: Metadata } {
  const detail: ErrorDetail = { kind: error.kind, code: error.code, violations: fitting(error.violations) };
  const metadata = new Metadata();
  metadata.set(DETAIL_KEY, Buffer.from(JSON.stringify(detail)));
  return { code: KINDS[error.kind].grpc, details: error.message.slice(0, MAX_MESSAGE_CHARACTERS), metadata };
}

/** The first violations, as many as fit, and how many more there are. */
function fitting(violations: readonly Violation[]): readonly Violation[] {
  let bytes = 0;
  const cut = violations.findIndex((violation) => {
    bytes += Buffer.byteLength(JSON.stringify(violation));
    return bytes > MAX_VIOLATIONS_BYTES;
  });
  if (cut === -1) return violations;
  return [...violations.slice(0, cut), { path: '', message: `and ${violations.length - cut} more` }];
}

/** A failed call as the DomainError the server threw, or the nearest one when it did not get that far. */
export function fromGrpcError(error: ServiceError, target: string): DomainError {
  const bytes = error.metadata.get(DETAIL_KEY)[0];
  if (bytes instanceof Buffer) {
    const detail = JSON.parse(bytes.toString()) as ErrorDetail;
    return new DomainError(detail.kind, detail.code, error.details, { violations: detail.violations });
  }
  if (error.code === status.UNAVAILABLE || error.code === status.DEADLINE_EXCEEDED) {
    return new DomainError(
      'unavailable',
      'service_unavailable',
      `The ${target} service does not answer. Try again shortly.`,
      { cause: error },
    );
  }
  return new DomainError(
    kindOfGrpcStatus(error.code),
    'internal',
    'Something went wrong on our side. Please try again.',
    { cause: error },
  );
}
