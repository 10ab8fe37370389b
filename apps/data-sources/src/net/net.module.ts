import { Module } from '@nestjs/common';
import { CONFIG } from '@aimass/platform-service';
import type { Config } from '../config.js';
import { parseAllowList } from './allow-list.js';
import { Egress } from './egress.js';

@Module({
  providers: [
    {
      provide: Egress,
      inject: [CONFIG],
      useFactory: (config: Readonly<Config>) => new Egress(parseAllowList(config.EGRESS_ALLOW)),
    },
  ],
  exports: [Egress],
})
export class NetModule {}
