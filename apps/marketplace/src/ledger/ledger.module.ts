import { Module } from '@nestjs/common';
import { SubscriptionsModule } from '../subscriptions/subscriptions.module.js';
import { LedgerConsumer } from './ledger.consumer.js';
import { LedgerRepository } from './ledger.repository.js';
import { LedgerService } from './ledger.service.js';

@Module({
  imports: [SubscriptionsModule],
  providers: [LedgerConsumer, LedgerRepository, LedgerService],
  exports: [LedgerService],
})
export class LedgerModule {}
