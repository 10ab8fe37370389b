import { DomainError } from '@aimass/platform-errors';

/** The address is one that nobody from outside may make this platform talk to. Names the host only, never what it resolved to. */
export const blockedAddress = (host: string) =>
  new DomainError(
    'invalid',
    'data_sources.blocked_address',
    `"${host}" is no address a source may have: it is private, local or reserved, or written in an unusual way. ` +
      'An operator can permit it in EGRESS_ALLOW.',
  );

/** The address of a source is not one plain http or https URL. */
export const urlRefused = (reason: string) =>
  new DomainError('invalid', 'data_sources.url_refused', `The URL of the source is refused: ${reason}.`);

/** The name of a server is neither a host name nor an IP address. */
export const hostRefused = (reason: string) =>
  new DomainError('invalid', 'data_sources.host_refused', `The host of the source is refused: ${reason}.`);

/** DNS knows no address of the name, or did not answer. */
export const hostUnknown = (host: string, cause?: unknown) =>
  new DomainError(
    'unavailable',
    'data_sources.host_unknown',
    `No address was found for "${host}". Check the name, or try again later.`,
    { cause },
  );
