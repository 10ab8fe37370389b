import { modelRegistry } from '@aimass/contracts';
import type { GrpcClient } from '@aimass/platform-grpc';
import type { Peer } from '@aimass/platform-service';

/** Injection token of the model registry's client. */
export const MODEL_REGISTRY = Symbol('MODEL_REGISTRY');

export type ModelRegistry = GrpcClient<typeof modelRegistry.ModelRegistryServiceService>;

/** The services that this one asks. */
export const peers = (config: { readonly MODEL_REGISTRY_URL: string }): Peer[] => [
  {
    token: MODEL_REGISTRY,
    definition: modelRegistry.ModelRegistryServiceService,
    address: config.MODEL_REGISTRY_URL,
    name: 'model-registry',
  },
];
