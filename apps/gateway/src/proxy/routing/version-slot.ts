import type { CompiledRoute, CompiledVariant } from './compiled-routes.js';

/** What a version slot means: a variant, or why there is none. */
export type SlotResolution = { readonly variant: CompiledVariant } | { readonly problem: string };

/**
 * Resolves what stands in the version slot of a URL: a number, a version id (`mv_…`) or an alias. Only versions that
 * are deployed under the name can be called; a weight of 0 does not hide a version from those who name it. Who names a
 * version by number or id gets that one or none; behind an alias the version before may answer until it is ready.
 */
export function resolveVersionSlot(route: CompiledRoute, slot: string): SlotResolution {
  const byId = route.variants.find((variant) => variant.modelVersionId === slot);
  if (byId) return { variant: exactly(byId) };
  const isNumber = /^[0-9]{1,9}$/.test(slot);
  const number = isNumber ? Number(slot) : route.aliases.get(slot);
  if (number === undefined) {
    return { problem: `"${route.name}" has no version or alias "${slot}". ${describeDeployed(route)}` };
  }
  const variant = route.variants.find((candidate) => candidate.versionNumber === number);
  if (variant) return { variant: isNumber ? exactly(variant) : variant };
  const what = isNumber ? `Version ${number}` : `The alias "${slot}" means version ${number}, which`;
  return { problem: `${what} is not deployed under "${route.name}". ${describeDeployed(route)}` };
}

function exactly(variant: CompiledVariant): CompiledVariant {
  return variant.predecessors.length === 0 ? variant : { ...variant, predecessors: [] };
}

function describeDeployed(route: CompiledRoute): string {
  return `Deployed: ${deployedNumbers(route).join(', ')}. Deploy the version you need, or name one of these.`;
}

/** The numbers of the deployed versions, ascending. */
export function deployedNumbers(route: CompiledRoute): number[] {
  return [...new Set(route.variants.map((variant) => variant.versionNumber))].sort((a, b) => a - b);
}
