import { Global, Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { FsBlobStore } from '@aimass/platform-blobs';

/** Injection token of the BlobStore. */
export const BLOBS = Symbol('BLOBS');

/** Provides the blob store to the whole application. */
@Global()
@Module({})
export class BlobsModule {
  static with(folder: string): DynamicModule {
    return {
      module: BlobsModule,
      providers: [{ provide: BLOBS, useValue: new FsBlobStore(folder) }],
      exports: [BLOBS],
    };
  }
}
