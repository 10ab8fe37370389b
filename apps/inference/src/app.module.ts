import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { BlobsModule, ConfigModule } from '@aimass/platform-service';
import type { Config } from './config.js';
import { DataPlaneModule } from './data-plane/data-plane.module.js';
import { EnginesModule } from './engines/engines.module.js';
import { HeartbeatModule } from './heartbeat/heartbeat.module.js';
import { ModelsModule } from './models/models.module.js';
import { NatsModule } from './nats/nats.module.js';
import { OperatorModule } from './operator/operator.module.js';
import { PlacementModule } from './placement/placement.module.js';
import { ReplicaModule } from './replica/replica.module.js';

/** The table of contents of the service. */
@Module({})
export class AppModule {
  static with(config: Readonly<Config>): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.with(config),
        BlobsModule.with(config.BLOB_DIR),
        NatsModule,
        EnginesModule,
        ModelsModule,
        PlacementModule,
        HeartbeatModule,
        DataPlaneModule,
        ReplicaModule,
        OperatorModule,
      ],
    };
  }
}
