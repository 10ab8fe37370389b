import { Module } from '@nestjs/common';
import { PoliciesModule } from '../policies/policies.module.js';
import { LeasesRepository } from './leases.repository.js';
import { LeasesService } from './leases.service.js';

@Module({
  imports: [PoliciesModule],
  providers: [LeasesRepository, LeasesService],
  exports: [LeasesService],
})
export class LeasesModule {}
