import { trafficControl, type routing } from '@aimass/contracts';
import type { Predecessor } from '../replicas/pending-call.js';
import { predecessorsOf } from './predecessors.js';
import type { Swap } from './predecessors.js';
import { WeightedChoice } from './weighted-choice.js';

/** A limit as the snapshot has it. */
export type Policy = trafficControl.Policy;

/** One version that a name leads to. */
export interface CompiledVariant {
  readonly modelVersionId: string;
  /** Unique within the route. */
  readonly name: string;
  readonly versionNumber: number;
  readonly weight: number;
  /** Absent when the snapshot forgot to describe the version. */
  readonly served: routing.ServedVersion | undefined;
  /** Versions that answer until this one is ready, the best first; none for a caller who names the version. */
  readonly predecessors: readonly Predecessor[];
}

/** A callable name, ready to be used without looking anything up twice. */
export class CompiledRoute {
  readonly variants: readonly CompiledVariant[];
  readonly aliases: ReadonlyMap<string, number>;
  readonly choice: WeightedChoice<CompiledVariant>;
  private readonly policiesByKey = new Map<string, readonly Policy[]>();

  constructor(
    private readonly route: routing.Route,
    served: ReadonlyMap<string, routing.ServedVersion>,
    private readonly policies: PolicyIndex,
    swap?: Swap,
  ) {
    this.variants = route.variants.map((variant) => ({
      modelVersionId: variant.modelVersionId,
      name: variant.name,
      versionNumber: variant.versionNumber,
      weight: variant.weight,
      served: served.get(variant.modelVersionId),
      predecessors: swap ? predecessorsOf(variant, route.variants, swap) : [],
    }));
    this.aliases = new Map(Object.entries(route.aliases));
    this.choice = new WeightedChoice(this.variants);
  }

  get name(): string {
    return this.route.name;
  }
  get deploymentId(): string {
    return this.route.deploymentId;
  }
  get ownerOrganizationId(): string {
    return this.route.ownerOrganizationId;
  }
  get subscriptionId(): string {
    return this.route.subscriptionId;
  }

  /** Every limit on calls of this name with this key. */
  policiesFor(keyId: string): readonly Policy[] {
    let found = this.policiesByKey.get(keyId);
    if (found === undefined) {
      found = this.policies.matching(keyId, this.deploymentId);
      this.policiesByKey.set(keyId, found);
    }
    return found;
  }
}

/** The limits of an organization by what they apply to. */
class PolicyIndex {
  private readonly ofOrganization: Policy[] = [];
  private readonly byKey = new Map<string, Policy[]>();
  private readonly byDeployment = new Map<string, Policy[]>();

  constructor(organizationId: string, policies: readonly Policy[]) {
    for (const policy of policies) {
      if (policy.target === trafficControl.PolicyTarget.KEY) push(this.byKey, policy);
      else if (policy.target === trafficControl.PolicyTarget.DEPLOYMENT) push(this.byDeployment, policy);
      else if (policy.targetId === organizationId) this.ofOrganization.push(policy);
    }
  }

  matching(keyId: string, deploymentId: string): readonly Policy[] {
    return [
      ...(this.byKey.get(keyId) ?? []),
      ...this.ofOrganization,
      ...(this.byDeployment.get(deploymentId) ?? []),
    ];
  }
}

function push(index: Map<string, Policy[]>, policy: Policy): void {
  const list = index.get(policy.targetId);
  if (list) list.push(policy);
  else index.set(policy.targetId, [policy]);
}

/** One organization's snapshot, compiled. Immutable but for the cycles of the weighted choices. */
export interface CompiledOrganization {
  readonly revision: bigint;
  readonly routes: ReadonlyMap<string, CompiledRoute>;
}

/** What compiling goes on from. */
export interface Before {
  readonly organization: CompiledOrganization | undefined;
  readonly nowMs: number;
  /** How long the version before may answer in place of a new one, in milliseconds. */
  readonly swapMs: number;
}

/**
 * Compiles a snapshot. Routes whose variants kept their weights go on in their cycle; a variant that leads to another
 * version than before remembers which that was.
 */
export function compileSnapshot(snapshot: routing.RoutingSnapshot, before: Before): CompiledOrganization {
  const served = new Map(snapshot.versions.map((version) => [version.modelVersionId, version]));
  const policies = new PolicyIndex(snapshot.organizationId, snapshot.policies);
  const routes = new Map<string, CompiledRoute>();
  for (const route of snapshot.routes) {
    if (route.variants.length === 0) continue;
    const previous = before.organization?.routes.get(route.name);
    const swap = previous && {
      before: previous.variants,
      nowMs: before.nowMs,
      untilMs: before.nowMs + before.swapMs,
    };
    const compiled = new CompiledRoute(route, served, policies, swap);
    if (previous) compiled.choice.continueFrom(previous.choice);
    routes.set(route.name, compiled);
  }
  return { revision: BigInt(snapshot.revision), routes };
}
