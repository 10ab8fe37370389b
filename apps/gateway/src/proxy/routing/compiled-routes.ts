import { trafficControl, type routing } from '@aimass/contracts';
import { WeightedChoice } from './weighted-choice.js';

/** A limit as the snapshot has it. */
export type Policy = trafficControl.Policy;

/** One version that a name leads to. */
export interface CompiledVariant {
  readonly modelVersionId: string;
  readonly versionNumber: number;
  readonly weight: number;
  /** Absent when the snapshot forgot to describe the version. */
  readonly served: routing.ServedVersion | undefined;
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
  ) {
    this.variants = route.variants.map((variant) => ({
      modelVersionId: variant.modelVersionId,
      versionNumber: variant.versionNumber,
      weight: variant.weight,
      served: served.get(variant.modelVersionId),
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

/** Compiles a snapshot; routes whose variants kept their weights go on in their cycle. */
export function compileSnapshot(
  snapshot: routing.RoutingSnapshot,
  previous?: CompiledOrganization,
): CompiledOrganization {
  const served = new Map(snapshot.versions.map((version) => [version.modelVersionId, version]));
  const policies = new PolicyIndex(snapshot.organizationId, snapshot.policies);
  const routes = new Map<string, CompiledRoute>();
  for (const route of snapshot.routes) {
    if (route.variants.length === 0) continue;
    const compiled = new CompiledRoute(route, served, policies);
    const before = previous?.routes.get(route.name);
    if (before) compiled.choice.continueFrom(before.choice);
    routes.set(route.name, compiled);
  }
  return { revision: BigInt(snapshot.revision), routes };
}
