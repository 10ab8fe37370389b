import { DomainError } from '@aimass/platform-errors';

export const notAuthenticated = () =>
  new DomainError(
    'unauthenticated',
    'gateway.not_authenticated',
    'Send a valid API key: "Authorization: Bearer am_…". The key is missing, unknown or revoked.',
  );

export const notAllowed = (permission: string) =>
  new DomainError(
    'forbidden',
    'gateway.not_allowed',
    `The role of this key does not include "${permission}".`,
  );

export const organizationNotFound = (organization: string) =>
  new DomainError(
    'not_found',
    'gateway.organization_not_found',
    `There is no organization "${organization}".`,
  );

export const organizationNameTaken = (name: string) =>
  new DomainError(
    'conflict',
    'gateway.organization_name_taken',
    `There is already an organization named "${name}".`,
  );

export const keyNotFound = (key: string) =>
  new DomainError('not_found', 'gateway.key_not_found', `There is no key "${key}".`);

export const roleTooHigh = (role: string) =>
  new DomainError(
    'forbidden',
    'gateway.role_too_high',
    `A key cannot create a key with the role "${role}", which may do more than itself.`,
  );
