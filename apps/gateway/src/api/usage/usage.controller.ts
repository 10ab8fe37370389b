import { Controller, Inject, Query } from '@nestjs/common';
import { marketplace } from '@aimass/contracts';
import { z } from 'zod';
import { Caller, pageQuery } from '../../http/parameters.js';
import { Route } from '../../http/route.js';
import type { AuthenticatedKey } from '../../identity/key-directory.js';
import { MARKETPLACE } from '../../peers.js';
import type { MarketplaceClient } from '../../peers.js';

const subscriptionId = z.string().default('').describe('only this subscription');
const usageQuery = pageQuery.extend({ subscriptionId });
const summaryQuery = z.strictObject({ subscriptionId });

/** The usage ledger: one priced entry for every answered call that the organization pays for. */
@Controller()
export class UsageController {
  constructor(@Inject(MARKETPLACE) private readonly marketplace: MarketplaceClient) {}

  @Route({
    method: 'get',
    path: '/usage',
    summary: 'List ledger entries',
    allow: 'read',
    query: usageQuery,
    response: 'aimass.marketplace.v1.ListUsageResponse',
  })
  async list(@Caller() { organizationId }: AuthenticatedKey, @Query() query: z.infer<typeof usageQuery>) {
    return marketplace.ListUsageResponse.toJSON(
      await this.marketplace.listUsage({ organizationId, ...query }),
    );
  }

  @Route({
    method: 'get',
    path: '/usage/summary',
    summary: 'Count and sum of the ledger',
    allow: 'read',
    query: summaryQuery,
    response: 'aimass.marketplace.v1.SummarizeUsageResponse',
  })
  async summary(
    @Caller() { organizationId }: AuthenticatedKey,
    @Query() query: z.infer<typeof summaryQuery>,
  ) {
    return marketplace.SummarizeUsageResponse.toJSON(
      await this.marketplace.summarizeUsage({ organizationId, ...query }),
    );
  }
}
