import { Module } from '@nestjs/common';
import { FramesModule } from '../frames/frames.module.js';
import { HeartbeatModule } from '../heartbeat/heartbeat.module.js';
import { DataPlaneController } from './data-plane.controller.js';
import { DataPlaneService } from './data-plane.service.js';

/** The stream from the gateways. */
@Module({
  imports: [FramesModule, HeartbeatModule],
  controllers: [DataPlaneController],
  providers: [DataPlaneService],
})
export class DataPlaneModule {}
