import { Module } from '@nestjs/common';
import { CONFIG } from '@aimass/platform-service';
import type { Config } from '../config.js';
import { KeyRing, parseKeyRing } from './key-ring.js';

@Module({
  providers: [
    {
      provide: KeyRing,
      inject: [CONFIG],
      useFactory: (config: Readonly<Config>) => parseKeyRing(config.SECRETS_KEYS),
    },
  ],
  exports: [KeyRing],
})
export class SecretsModule {}
