import { Alias } from './aliases/alias.entity.js';
import { Deployment } from './deployments/deployment.entity.js';
import { Entitlement } from './entitlements/entitlement.entity.js';
import { CreateTraffic1732400000000 } from './migrations/1732400000000-create-traffic.js';
import { Policy } from './policies/policy.entity.js';

/** The tables of this service that are objects; `snapshot` and `lease` are plain rows of their repositories. */
export const entities = [Alias, Deployment, Entitlement, Policy];

/** How they came to be, oldest first. */
export const migrations = [CreateTraffic1732400000000];
