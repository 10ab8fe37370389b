import { connect } from 'node:net';
import { requestFrames, responseFrames } from '@aimass/contracts';
import { FrameStream } from '@aimass/platform-grpc';
import { Metadata } from '@grpc/grpc-js';
import type { Client } from '@grpc/grpc-js';
import { EXCHANGE } from './exchange-frames.js';
import type { ExchangeRequest } from './exchange-frames.js';

/** A connection that does not come about within this is given up. */
const CONNECT_MS = 5_000;

const CODECS = { incoming: responseFrames, outgoing: requestFrames };

/**
 * A stream to a replica: emits `data` with an `ExchangeResponse`, `drain`, and `error`, `end` or `close` when it is over.
 */
export interface ExchangeStream extends NodeJS.EventEmitter {
  /** False: wait for `drain` before the next. */
  write(frame: ExchangeRequest): boolean;
  cancel(): void;
}

/** As frames over TCP where the replica says that it takes them. */
export function openFrames(address: string): ExchangeStream {
  const colon = address.lastIndexOf(':');
  const socket = connect({ host: address.slice(0, colon), port: Number(address.slice(colon + 1)) });
  socket.setTimeout(CONNECT_MS, () => socket.destroy(new Error(`no connection to ${address} in time`)));
  socket.once('connect', () => socket.setTimeout(0));
  return FrameStream.client(socket, CODECS);
}

/** Over gRPC, which every replica speaks. */
export function openGrpc(client: Client): ExchangeStream {
  return client.makeBidiStreamRequest(
    EXCHANGE.path,
    EXCHANGE.requestSerialize,
    EXCHANGE.responseDeserialize,
    new Metadata({ waitForReady: false }),
  );
}
