import { Module } from '@nestjs/common';
import { SecretsModule } from '../secrets/secrets.module.js';
import { SourceVault } from './source-vault.js';
import { SourcesRepository } from './sources.repository.js';

/** What is kept of sources, for those who sync them. */
@Module({
  imports: [SecretsModule],
  providers: [SourcesRepository, SourceVault],
  exports: [SourcesRepository, SourceVault],
})
export class SourceRecordsModule {}
