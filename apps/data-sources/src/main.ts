import { dataSources, datasetVersions, sources, splits, syncs, uploads } from '@aimass/contracts';
import { runService } from '@aimass/platform-service';
import { AppModule } from './app.module.js';
import { configSchema } from './config.js';

await runService({
  name: 'data-sources',
  configSchema,
  module: (config) => AppModule.with(config),
  grpc: [
    dataSources.DataSourcesServiceService,
    sources.SourcesServiceService,
    syncs.SyncsServiceService,
    splits.SplitsServiceService,
    uploads.UploadsServiceService,
    datasetVersions.DatasetVersionsServiceService,
  ],
});
