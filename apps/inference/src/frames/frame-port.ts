import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { requestFrames, responseFrames } from '@aimass/contracts';
import type { inference } from '@aimass/contracts';
import { FrameStream } from '@aimass/platform-grpc';
import { CONFIG } from '@aimass/platform-service';
import type { Config } from '../config.js';

/** A gateway's stream as it comes over plain TCP. */
export type GatewayFrames = FrameStream<inference.ExchangeRequest, inference.ExchangeResponse>;

const CODECS = { incoming: requestFrames, outgoing: responseFrames };

type FrameConfig = Pick<Config, 'FRAME_PORT' | 'GRPC_HOST' | 'GRPC_PORT' | 'ADVERTISED_ADDRESS'>;

/** Listens for the gateways' frames; the heartbeat tells where. It listens before the replica says anything. */
@Injectable()
export class FramePort implements OnModuleInit, OnApplicationShutdown {
  /** Takes every stream that opens. */
  onStream: (stream: GatewayFrames) => void = (stream) => stream.cancel();
  private readonly logger = new Logger('frames');
  private readonly sockets = new Set<Socket>();
  private readonly server = createServer((socket) => this.accept(socket));
  private port = 0;

  constructor(@Inject(CONFIG) private readonly config: FrameConfig) {}

  async onModuleInit(): Promise<void> {
    const { FRAME_PORT, GRPC_HOST } = this.config;
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(FRAME_PORT, GRPC_HOST, resolve);
    });
    this.server.on('error', (error) => this.logger.error(error));
    this.port = (this.server.address() as AddressInfo).port;
  }

  /** Where gateways reach this replica, as its heartbeat tells: `host:port` of gRPC and of frames. */
  addresses(): Pick<inference.ReplicaHeartbeat, 'address' | 'frameAddress'> {
    const { ADVERTISED_ADDRESS, GRPC_HOST, GRPC_PORT } = this.config;
    const address = ADVERTISED_ADDRESS ?? `${GRPC_HOST}:${GRPC_PORT}`;
    return { address, frameAddress: `${address.slice(0, address.lastIndexOf(':'))}:${this.port}` };
  }

  async onApplicationShutdown(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private accept(socket: Socket): void {
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
    this.onStream(FrameStream.server(socket, CODECS));
  }
}
