import { Module } from '@nestjs/common';
import { HeartbeatService } from './heartbeat.service.js';

/** What the replica says of itself. */
@Module({ providers: [HeartbeatService], exports: [HeartbeatService] })
export class HeartbeatModule {}
