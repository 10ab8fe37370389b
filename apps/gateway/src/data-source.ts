import { ApiKey } from './identity/api-key.entity.js';
import { Organization } from './identity/organization.entity.js';
import { CreateIdentity1732400000000 } from './migrations/1732400000000-create-identity.js';

/** The tables of this service. */
export const entities = [ApiKey, Organization];

/** How they came to be, oldest first. */
export const migrations = [CreateIdentity1732400000000];
