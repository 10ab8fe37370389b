import { Global, Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';

/** Injection token of the service's frozen configuration. */
export const CONFIG = Symbol('CONFIG');

/** Provides the configuration to the whole application. */
@Global()
@Module({})
export class ConfigModule {
  static with(config: object): DynamicModule {
    return { module: ConfigModule, providers: [{ provide: CONFIG, useValue: config }], exports: [CONFIG] };
  }
}
