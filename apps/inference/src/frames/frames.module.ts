import { Module } from '@nestjs/common';
import { FramePort } from './frame-port.js';

/** The port for the gateways' frames. */
@Module({ providers: [FramePort], exports: [FramePort] })
export class FramesModule {}
