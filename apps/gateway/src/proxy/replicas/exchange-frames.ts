import { inference } from '@aimass/contracts';
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import type { MethodDefinition } from '@grpc/grpc-js';

/** A frame is closed once the bodies in it add up to this, so that no message comes near the limit of a message. */
export const FRAME_BYTES = 1024 * 1024;

/** A frame to a replica. */
export type ExchangeRequest = inference.ExchangeRequest;
/** A frame from a replica. */
export type ExchangeResponse = inference.ExchangeResponse;

/**
 * `DataPlaneService.Exchange` with the generated encoders, minus the copies of the generated definition: the bytes that
 * the writer made are wrapped, not copied once more.
 */
export const EXCHANGE: MethodDefinition<ExchangeRequest, ExchangeResponse> = {
  path: inference.DataPlaneServiceService.exchange.path,
  requestStream: true,
  responseStream: true,
  requestSerialize: (frame) => wrap(inference.ExchangeRequest.encode(frame, new BinaryWriter()).finish()),
  requestDeserialize: (bytes) => inference.ExchangeRequest.decode(bytes),
  responseSerialize: (frame) => wrap(inference.ExchangeResponse.encode(frame, new BinaryWriter()).finish()),
  responseDeserialize: (bytes) => inference.ExchangeResponse.decode(bytes),
};

function wrap(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
