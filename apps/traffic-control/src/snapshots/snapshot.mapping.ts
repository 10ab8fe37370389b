import { KV_BUCKETS, routing } from '@aimass/contracts';
import { StateBucket } from '@aimass/platform-messaging';
import type { Alias } from '../aliases/alias.entity.js';
import type { Deployment } from '../deployments/deployment.entity.js';
import { mergeServing } from '../deployments/serving.js';
import type { Serving } from '../deployments/serving.js';
import type { DeployedVersion, TensorSpec } from '../deployments/variant.js';
import type { Entitlement } from '../entitlements/entitlement.entity.js';
import { toPolicyProto } from '../policies/policy.mapping.js';
import type { Policy } from '../policies/policy.entity.js';

/** Readers ignore a snapshot of another schema. */
export const SCHEMA_VERSION = 1;

export type RoutingSnapshot = routing.RoutingSnapshot;

/** Everything one organization's snapshot is made of, read at one instant. */
export interface SnapshotParts {
  readonly organizationId: string;
  readonly revision: string;
  /** The organization's own. */
  readonly deployments: readonly Deployment[];
  /** What it may call of others; active ones only. */
  readonly entitlements: readonly Entitlement[];
  /** The deployments behind the entitlements, as far as they exist. */
  readonly subscribed: readonly Deployment[];
  /** Of the models of all these deployments. */
  readonly aliases: readonly Alias[];
  /** The organization's own limits, and those on the subscribed deployments. */
  readonly policies: readonly Policy[];
}

/** The bucket that gateways and replicas read. */
export function openRoutingBucket(
  nats: ConstructorParameters<typeof StateBucket>[0],
): StateBucket<RoutingSnapshot> {
  return new StateBucket(nats, KV_BUCKETS.routing, routing.RoutingSnapshot);
}

/** Compiles a snapshot. The same parts give the same bytes, whatever order they come in. */
export function toRoutingSnapshot(parts: SnapshotParts): RoutingSnapshot {
  const routes = [...toOwnRoutes(parts), ...toSubscribedRoutes(parts)].sort(by((route) => route.name));
  const routed = new Set(routes.map((route) => route.deploymentId));
  const deployments = [...parts.deployments, ...parts.subscribed].filter(({ id }) => routed.has(id));
  return {
    schemaVersion: SCHEMA_VERSION,
    organizationId: parts.organizationId,
    revision: parts.revision,
    routes,
    versions: toServedVersions(deployments),
    policies: [...parts.policies].sort(by((policy) => policy.id)).map(toPolicyProto),
  };
}

function toOwnRoutes(parts: SnapshotParts): routing.Route[] {
  return parts.deployments.map((deployment) =>
    toRoute(deployment, parts.aliases, { name: deployment.name, subscriptionId: '' }),
  );
}

/** One per name; when two subscriptions open the same one, the newest pays (ids sort by time of creation). */
function toSubscribedRoutes(parts: SnapshotParts): routing.Route[] {
  const deployments = new Map(
    parts.subscribed.map((deployment) => [key(deployment.organizationId, deployment.name), deployment]),
  );
  const routes = new Map<string, routing.Route>();
  for (const entitlement of [...parts.entitlements].sort(by((one) => one.subscriptionId))) {
    const { vendorOrganizationId, deploymentName, routeName: name, subscriptionId } = entitlement;
    const deployment = deployments.get(key(vendorOrganizationId, deploymentName));
    if (deployment) routes.set(name, toRoute(deployment, parts.aliases, { name, subscriptionId }));
  }
  return [...routes.values()];
}

function toRoute(
  deployment: Deployment,
  aliases: readonly Alias[],
  access: { readonly name: string; readonly subscriptionId: string },
): routing.Route {
  return {
    ...access,
    deploymentId: deployment.id,
    ownerOrganizationId: deployment.organizationId,
    variants: deployment.variants.map(({ name, weight, version }) => ({
      name,
      modelVersionId: version.id,
      versionNumber: version.number,
      weight,
    })),
    aliases: toAliasMap(deployment, aliases),
  };
}

/**
 * Aliases of the deployment's models. With several models the first variant's decides about a name that both have,
 * and an alias is left out when its number is deployed, but of another model: it would lead to the wrong one.
 */
function toAliasMap(deployment: Deployment, aliases: readonly Alias[]): Record<string, number> {
  const versions = deployment.variants.map((variant) => variant.version);
  const map: Record<string, number> = {};
  for (const modelId of new Set(versions.map((version) => version.modelId))) {
    for (const { alias, number } of aliases
      .filter((one) => one.modelId === modelId)
      .sort(by((one) => one.alias))) {
      const deployed = versions.filter((version) => version.number === number);
      const isMisleading = deployed.length > 0 && deployed[0]?.modelId !== modelId;
      if (!isMisleading && !Object.hasOwn(map, alias)) map[alias] = number;
    }
  }
  return map;
}

function toServedVersions(deployments: readonly Deployment[]): routing.ServedVersion[] {
  const each = new Map<string, Served>();
  for (const { version, serving } of deployments.flatMap((deployment) => deployment.variants)) {
    each.set(version.id, { version, serving: mergeServing(each.get(version.id)?.serving, serving) });
  }
  return [...each.values()].sort(by(({ version }) => version.id)).map(toServedVersion);
}

/** A version, and how all variants that deploy it want it served. */
interface Served {
  readonly version: DeployedVersion;
  readonly serving: Serving | undefined;
}

function toServedVersion({ version, serving }: Served): routing.ServedVersion {
  const { id, modelName, number, engine, format, signature, manifest } = version;
  const copy = (spec: TensorSpec) => ({ ...spec, shape: [...spec.shape] });
  return {
    modelVersionId: id,
    modelName,
    versionNumber: number,
    engine,
    format,
    signature: { inputs: signature.inputs.map(copy), outputs: signature.outputs.map(copy) },
    manifest: { files: manifest.files.map((file) => ({ ...file })), sha256: manifest.sha256 },
    serving: serving && { ...serving },
  };
}

function key(organizationId: string, name: string): string {
  return `${organizationId} ${name}`;
}

/** Orders by code units, the same on every machine. */
function by<T>(text: (item: T) => string): (a: T, b: T) => number {
  return (a, b) => (text(a) < text(b) ? -1 : text(a) > text(b) ? 1 : 0);
}
