import { Injectable } from '@nestjs/common';
import type { gatewayEvents } from '@aimass/contracts';
import { OnEvent } from '@aimass/platform-messaging';
import type { EntityManager } from 'typeorm';
import { toFact } from './ledger.mapping.js';
import { LedgerService } from './ledger.service.js';

/** Events that move money. */
@Injectable()
export class LedgerConsumer {
  constructor(private readonly ledger: LedgerService) {}

  /** Every answered call becomes one ledger entry, however often it is told. */
  @OnEvent('gateway.v1.usage.recorded', 'marketplace__record_usage')
  async recordUsage(event: gatewayEvents.UsageRecorded, tx: EntityManager): Promise<void> {
    await this.ledger.record(tx, event.events.map(toFact));
  }
}
