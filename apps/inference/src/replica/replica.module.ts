import { Module } from '@nestjs/common';
import { ReplicaController } from './replica.controller.js';

/** What operators ask of this replica. */
@Module({ controllers: [ReplicaController] })
export class ReplicaModule {}
