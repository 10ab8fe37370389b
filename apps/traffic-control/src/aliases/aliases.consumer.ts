import { Injectable } from '@nestjs/common';
import type { modelRegistryEvents } from '@aimass/contracts';
import { OnEvent } from '@aimass/platform-messaging';
import type { EntityManager } from 'typeorm';
import { AliasesService } from './aliases.service.js';

/** Events that change what an alias means. */
@Injectable()
export class AliasesConsumer {
  constructor(private readonly aliases: AliasesService) {}

  @OnEvent('model_registry.v1.alias.moved', 'traffic_control__follow_alias')
  async followAlias(event: modelRegistryEvents.AliasMoved, tx: EntityManager): Promise<void> {
    await this.aliases.move(tx, event);
  }
}
