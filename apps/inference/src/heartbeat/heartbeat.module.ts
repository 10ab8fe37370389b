import { Module } from '@nestjs/common';
import { FramesModule } from '../frames/frames.module.js';
import { HeartbeatService } from './heartbeat.service.js';

/** What the replica says of itself. */
@Module({ imports: [FramesModule], providers: [HeartbeatService], exports: [HeartbeatService] })
export class HeartbeatModule {}
