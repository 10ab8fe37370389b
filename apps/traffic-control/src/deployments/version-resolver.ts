import { Inject, Injectable } from '@nestjs/common';
import type { ModelAliases } from '../aliases/alias.entity.js';
import { MODEL_REGISTRY } from '../peers.js';
import type { ModelRegistry } from '../peers.js';
import { toDeployedVersion } from './deployment.mapping.js';
import { versionIncomplete } from './deployments.errors.js';
import { assertVariantSpecs, toVariants } from './variant.js';
import type { DeployedVersion, Variant, VariantSpec } from './variant.js';

/** Variants with their versions as they are now, and the aliases of their models. */
export interface ResolvedVariants {
  readonly variants: readonly Variant[];
  readonly models: readonly ModelAliases[];
}

/** Asks the model registry what the variants mean; always before a transaction, never inside one. */
@Injectable()
export class VersionResolver {
  constructor(@Inject(MODEL_REGISTRY) private readonly registry: ModelRegistry) {}

  /** Throws `invalid` for specs that cannot be, and passes on the registry's `not_found`. */
  async resolve(organizationId: string, specs: readonly VariantSpec[]): Promise<ResolvedVariants> {
    assertVariantSpecs(specs);
    const versions = await Promise.all(specs.map((spec) => this.getVersion(organizationId, spec)));
    const variants = toVariants(specs, versions);
    const modelIds = [...new Set(versions.map((version) => version.modelId))];
    const models = await Promise.all(modelIds.map((modelId) => this.getAliases(organizationId, modelId)));
    return { variants, models };
  }

  private async getVersion(organizationId: string, spec: VariantSpec): Promise<DeployedVersion> {
    const { version } = await this.registry.getModelVersion({
      organizationId,
      model: spec.model,
      version: spec.version,
    });
    if (!version) throw versionIncomplete(spec.version);
    return toDeployedVersion(version);
  }

  private async getAliases(organizationId: string, modelId: string): Promise<ModelAliases> {
    const { model } = await this.registry.getModel({ organizationId, model: modelId });
    return { modelId, aliases: model?.aliases ?? {} };
  }
}
