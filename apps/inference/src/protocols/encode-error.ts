import { inference } from '@aimass/contracts';

/** The body of a failed answer: the protocol's error object over REST, the text alone over gRPC. */
export function encodeError(encoding: inference.BodyEncoding, message: string): Buffer {
  const isText = encoding === inference.BodyEncoding.OIP_GRPC;
  return Buffer.from(isText ? message : JSON.stringify({ error: message }));
}
