import type { AuthenticatedKey } from '../../identity/key-directory.js';
import type { DataPlane } from '../data-plane.js';
import type { CompiledRoute, CompiledVariant } from '../routing/compiled-routes.js';
import { resolveVersionSlot } from '../routing/version-slot.js';
import { OipError } from '@aimass/platform-open-inference';

/** The route behind a name, as the caller may use it. Throws OipError 404; another's name is as good as absent. */
export function findRoute(plane: DataPlane, caller: AuthenticatedKey, name: string): CompiledRoute {
  const route = plane.routes.find(caller.organizationId, name);
  if (route) return route;
  if (!plane.isReady())
    throw new OipError(503, 'The gateway is starting and does not know the models yet.', 1);
  const hint = name.includes('/') ? 'Subscribe to it first' : 'Deploy it first';
  throw new OipError(
    404,
    `No model "${name}" takes traffic for your organization. ${hint}, or check the name.`,
  );
}

/** The variant that a version slot names. Throws OipError 404 with what is deployed. */
export function findVariant(route: CompiledRoute, slot: string): CompiledVariant {
  const resolution = resolveVersionSlot(route, slot);
  if ('variant' in resolution) return resolution.variant;
  throw new OipError(404, resolution.problem);
}
