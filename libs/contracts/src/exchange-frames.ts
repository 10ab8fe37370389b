import type { BinaryWriter } from '@bufbuild/protobuf/wire';
import { ExchangeRequest, ExchangeResponse } from './gen/aimass/inference/v1/data_plane_service.js';

const NO_BODY = Buffer.alloc(0);

/** `ExchangeRequest` where the bodies of its calls travel beside the message (ADR 0009). */
export const requestFrames = {
  /** Writes everything but the bodies. */
  encode: (frame: ExchangeRequest, writer: BinaryWriter): BinaryWriter =>
    ExchangeRequest.encode({ ...frame, calls: frame.calls.map(withoutBody) }, writer),
  decode: (bytes: Uint8Array): ExchangeRequest => ExchangeRequest.decode(bytes),
  /** What has a body, in the order of the message. */
  parts: (frame: ExchangeRequest): ExchangeRequest['calls'] => frame.calls,
};

/** `ExchangeResponse` where the bodies of its answers travel beside the message. */
export const responseFrames = {
  /** Writes everything but the bodies. */
  encode: (frame: ExchangeResponse, writer: BinaryWriter): BinaryWriter =>
    ExchangeResponse.encode({ ...frame, answers: frame.answers.map(withoutBody) }, writer),
  decode: (bytes: Uint8Array): ExchangeResponse => ExchangeResponse.decode(bytes),
  /** What has a body, in the order of the message. */
  parts: (frame: ExchangeResponse): ExchangeResponse['answers'] => frame.answers,
};

function withoutBody<T extends { body: Buffer }>(part: T): T {
  return { ...part, body: NO_BODY };
}
