import { Module } from '@nestjs/common';
import { ClientsModule, Transport } from '@nestjs/microservices';
import { CONFIG } from '@aimass/platform-service';
import type { Config } from '../config.js';
import { IdentityRepository } from './identity.repository.js';
import { IdentityService } from './identity.service.js';
import { KeyChanges, NOTICES_CLIENT } from './key-changes.js';
import { KeyDirectory } from './key-directory.js';
import { KeyNoticesController } from './key-notices.controller.js';

@Module({
  imports: [
    ClientsModule.registerAsync([
      {
        name: NOTICES_CLIENT,
        inject: [CONFIG],
        useFactory: (config: Config) => ({
          transport: Transport.NATS,
          options: { servers: [config.NATS_URL], maxReconnectAttempts: -1 },
        }),
      },
    ]),
  ],
  controllers: [KeyNoticesController],
  providers: [IdentityRepository, IdentityService, KeyChanges, KeyDirectory],
  exports: [IdentityService, KeyDirectory],
})
export class IdentityModule {}
