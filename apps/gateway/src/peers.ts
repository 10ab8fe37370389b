import {
  dataSources,
  datasetVersions,
  marketplace,
  modelRegistry,
  sources,
  splits,
  syncs,
  trafficControl,
  training,
  uploads,
} from '@aimass/contracts';
import type { GrpcClient } from '@aimass/platform-grpc';
import type { Peer } from '@aimass/platform-service';
import type { Config } from './config.js';

/** Injection tokens of the services behind the gateway. */
export const DATA_SOURCES = Symbol('DATA_SOURCES');
export const DATASET_VERSIONS = Symbol('DATASET_VERSIONS');
export const SOURCES = Symbol('SOURCES');
export const SPLITS = Symbol('SPLITS');
export const SYNCS = Symbol('SYNCS');
export const UPLOADS = Symbol('UPLOADS');
export const TRAINING = Symbol('TRAINING');
export const MODEL_REGISTRY = Symbol('MODEL_REGISTRY');
export const TRAFFIC_CONTROL = Symbol('TRAFFIC_CONTROL');
export const MARKETPLACE = Symbol('MARKETPLACE');

export type DataSourcesClient = GrpcClient<typeof dataSources.DataSourcesServiceService>;
export type DatasetVersionsClient = GrpcClient<typeof datasetVersions.DatasetVersionsServiceService>;
export type SourcesClient = GrpcClient<typeof sources.SourcesServiceService>;
export type SplitsClient = GrpcClient<typeof splits.SplitsServiceService>;
export type SyncsClient = GrpcClient<typeof syncs.SyncsServiceService>;
export type UploadsClient = GrpcClient<typeof uploads.UploadsServiceService>;
export type TrainingClient = GrpcClient<typeof training.TrainingServiceService>;
export type ModelRegistryClient = GrpcClient<typeof modelRegistry.ModelRegistryServiceService>;
export type TrafficControlClient = GrpcClient<typeof trafficControl.TrafficControlServiceService>;
export type MarketplaceClient = GrpcClient<typeof marketplace.MarketplaceServiceService>;

/** The services behind the gateway and where they are. */
export function peersOf(config: Config): Peer[] {
  return [
    ...dataSourcesPeers(config.DATA_SOURCES_URL),
    {
      token: TRAINING,
      definition: training.TrainingServiceService,
      address: config.TRAINING_URL,
      name: 'training',
    },
    {
      token: MODEL_REGISTRY,
      definition: modelRegistry.ModelRegistryServiceService,
      address: config.MODEL_REGISTRY_URL,
      name: 'model-registry',
    },
    {
      token: TRAFFIC_CONTROL,
      definition: trafficControl.TrafficControlServiceService,
      address: config.TRAFFIC_CONTROL_URL,
      name: 'traffic-control',
    },
    {
      token: MARKETPLACE,
      definition: marketplace.MarketplaceServiceService,
      address: config.MARKETPLACE_URL,
      name: 'marketplace',
    },
  ];
}

/** One process with a service for each noun. */
function dataSourcesPeers(address: string): Peer[] {
  const services = [
    [DATA_SOURCES, dataSources.DataSourcesServiceService],
    [DATASET_VERSIONS, datasetVersions.DatasetVersionsServiceService],
    [SOURCES, sources.SourcesServiceService],
    [SPLITS, splits.SplitsServiceService],
    [SYNCS, syncs.SyncsServiceService],
    [UPLOADS, uploads.UploadsServiceService],
  ] as const;
  return services.map(([token, definition]) => ({ token, definition, address, name: 'data-sources' }));
}
