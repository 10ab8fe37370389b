import { Inject, Injectable } from '@nestjs/common';
import type { Violation } from '@aimass/platform-errors';
import { CONFIG } from '@aimass/platform-service';
import type { EntityManager } from 'typeorm';
import type { Config } from '../config.js';
import { PoliciesService } from '../policies/policies.service.js';
import { grantSlice, WHOLE } from './lease-shares.js';
import type { Holder } from './lease-shares.js';
import { demandsInvalid } from './leases.errors.js';
import { LeasesRepository } from './leases.repository.js';

/** What a gateway needs of one limit. */
export interface Demand {
  readonly policyId: string;
  readonly requestsPerSecond: number;
}

/** A slice of a limit: `share` is 0..1 of its rate and burst. */
export interface Lease {
  readonly policyId: string;
  readonly share: number;
  readonly lifetimeMs: number;
}

/** Deals out every limit among the gateways. */
@Injectable()
export class LeasesService {
  constructor(
    @Inject(CONFIG) private readonly config: Readonly<Config>,
    private readonly leases: LeasesRepository,
    private readonly policies: PoliciesService,
  ) {}

  /**
   * Grants one gateway its slices, all in one transaction. A limit that does not exist gets none. The slices of all
   * gateways that may be in use never add up to more than the limit, whatever answers are lost or processes restarted.
   */
  async acquire(gatewayId: string, demands: readonly Demand[]): Promise<Lease[]> {
    assertDemands(gatewayId, demands);
    const wanted = new Map(demands.map((demand) => [demand.policyId, demand.requestsPerSecond]));
    if (wanted.size === 0) return [];
    return this.leases.transaction((tx) => this.grant(tx, gatewayId, wanted));
  }

  private async grant(
    tx: EntityManager,
    gatewayId: string,
    wanted: ReadonlyMap<string, number>,
  ): Promise<Lease[]> {
    const policyIds = await this.policies.lock(tx, [...wanted.keys()]);
    if (policyIds.length === 0) return [];
    const { nowMs, byPolicy } = await this.leases.read(tx, policyIds);
    const terms = { lifetimeMs: this.config.LEASE_LIFETIME_MS, graceMs: this.config.LEASE_GRACE_MS };
    const held = new Map<string, Holder>();
    const leases = policyIds.map((policyId) => {
      const asking = { gatewayId, demand: wanted.get(policyId) ?? 0 };
      const { holder, share, lifetimeMs } = grantSlice(byPolicy.get(policyId) ?? [], asking, nowMs, terms);
      held.set(policyId, holder);
      return { policyId, share: share / WHOLE, lifetimeMs };
    });
    await this.leases.save(tx, held, nowMs);
    return leases;
  }
}

function assertDemands(gatewayId: string, demands: readonly Demand[]): void {
  const violations: Violation[] = [];
  if (gatewayId === '' || gatewayId.length > 200) {
    violations.push({
      path: 'gatewayId',
      message: 'Give an id of 1 to 200 characters, unique per gateway process.',
    });
  }
  demands.forEach(({ requestsPerSecond }, index) => {
    if (Number.isFinite(requestsPerSecond) && requestsPerSecond >= 0) return;
    violations.push({ path: `demands[${index}].requestsPerSecond`, message: 'Give a number of 0 or more.' });
  });
  if (violations.length > 0) throw demandsInvalid(violations);
}
