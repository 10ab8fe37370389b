import { Global, Module } from '@nestjs/common';
import type { DynamicModule, FactoryProvider } from '@nestjs/common';
import { grpcClient } from '@aimass/platform-grpc';
import type { GrpcServiceDefinition } from '@aimass/platform-grpc';

/** Another service that this one asks. */
export interface Peer {
  /** Injection token of its `GrpcClient`. */
  readonly token: symbol;
  readonly definition: GrpcServiceDefinition;
  readonly address: string;
  readonly name: string;
}

/** Provides clients of other services to the whole application. */
@Global()
@Module({})
export class PeersModule {
  static with(peers: readonly Peer[]): DynamicModule {
    const providers = peers.map((peer): FactoryProvider => ({
      provide: peer.token,
      useFactory: () => grpcClient(peer.definition, { address: peer.address, name: peer.name }),
    }));
    return { module: PeersModule, providers, exports: peers.map((peer) => peer.token) };
  }
}
