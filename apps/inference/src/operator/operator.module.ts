import { Module } from '@nestjs/common';
import { PlacementModule } from '../placement/placement.module.js';
import { OperatorPort } from './operator-port.js';

/** The Open Inference Protocol on this replica itself. */
@Module({ imports: [PlacementModule], providers: [OperatorPort] })
export class OperatorModule {}
