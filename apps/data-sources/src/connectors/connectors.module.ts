import { Module } from '@nestjs/common';
import { DatasetsModule } from '../datasets/datasets.module.js';
import { NetModule } from '../net/net.module.js';
import { TablesModule } from '../tables/tables.module.js';
import { UploadsModule } from '../uploads/uploads.module.js';
import type { Connector } from './connector.js';
import { Connectors } from './connectors.js';
import { HttpConnector } from './http/http.connector.js';
import { PostgresConnector } from './postgres/postgres.connector.js';
import { S3Connector } from './s3/s3.connector.js';
import { UploadConnector } from './upload/upload.connector.js';
import { VersionConnector } from './version/version.connector.js';

const CONNECTORS = [UploadConnector, VersionConnector, HttpConnector, S3Connector, PostgresConnector];

/** The connectors, each in a folder of its own. A new one goes into the list above. */
@Module({
  imports: [DatasetsModule, NetModule, TablesModule, UploadsModule],
  providers: [
    ...CONNECTORS,
    {
      provide: Connectors,
      inject: CONNECTORS,
      useFactory: (...connectors: Connector[]) => new Connectors(connectors),
    },
  ],
  exports: [Connectors],
})
export class ConnectorsModule {}
