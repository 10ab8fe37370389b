import { DomainError } from '@aimass/platform-errors';

/** Nothing can be encrypted: the operator has given no key. */
export const secretsNotConfigured = () =>
  new DomainError(
    'unprocessable',
    'data_sources.secrets_not_configured',
    'Credentials cannot be stored: this installation has no key for them. An operator sets SECRETS_KEYS.',
  );

/** What is stored was encrypted with a key that is not there, or is not what was stored for its owner. */
export const secretUnreadable = (keyId: string, cause?: unknown) =>
  new DomainError(
    'unprocessable',
    'data_sources.credentials_unreadable',
    `The stored credentials cannot be read with the keys of this installation (they name key "${keyId}"). ` +
      'Give the credentials again, or let an operator put the old key back into SECRETS_KEYS.',
    { cause },
  );
