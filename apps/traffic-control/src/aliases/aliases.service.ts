import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AudiencesService } from '../entitlements/audiences.service.js';
import type { Alias, ModelAliases } from './alias.entity.js';
import { AliasesRepository } from './aliases.repository.js';

/**
 * Keeps a copy of the aliases, so that a version slot may name one. Every alias is kept, not only those of deployed
 * models: one that moves while its model is being deployed must not be missed.
 */
@Injectable()
export class AliasesService {
  constructor(
    private readonly aliases: AliasesRepository,
    private readonly audiences: AudiencesService,
  ) {}

  /** An alias points elsewhere now; a move older than one already seen is ignored. */
  async move(tx: EntityManager, alias: Alias): Promise<void> {
    await this.audiences.claim(tx, alias.organizationId);
    if (!(await this.aliases.move(tx, alias))) return;
    await this.audiences.deploymentChanged(tx, alias.organizationId);
  }

  /** Takes over what was read from the registry, where no event has told more. */
  async remember(tx: EntityManager, organizationId: string, models: readonly ModelAliases[]): Promise<void> {
    for (const { modelId, aliases } of models) {
      for (const [alias, number] of Object.entries(aliases)) {
        await this.aliases.remember(tx, { modelId, alias, organizationId, number });
      }
    }
  }

  /** The aliases of these models, by model and name. */
  list(tx: EntityManager, modelIds: readonly string[]): Promise<Alias[]> {
    return this.aliases.list(tx, modelIds);
  }
}
