import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { LookupFunction } from 'node:net';
import { EMPTY_ALLOW_LIST } from './allow-list.js';
import type { AllowList } from './allow-list.js';
import { Turnstile } from '../tables/turnstile.js';
import { checkedHost } from './host.js';
import { blockedAddress, hostUnknown } from './net.errors.js';
import { isPublicAddress } from './reserved-addresses.js';

/** One address of a server. */
export interface ServerAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/** A server whose addresses have been checked: connect to these, and resolve the name no second time. */
export interface PinnedHost {
  /** As it was asked for, in lower case: for TLS and the Host header. */
  readonly host: string;
  readonly port: number;
  /** Never empty. */
  readonly addresses: readonly [ServerAddress, ...ServerAddress[]];
  /** For `lookup` of `net.connect`, `tls.connect` and `http.request`: answers with these addresses only. */
  readonly lookup: LookupFunction;
}

/** Finds the addresses of a name, as the system does. */
export type ResolveName = (host: string) => Promise<readonly ServerAddress[]>;

const resolveWithSystem: ResolveName = async (host) => {
  const found = await lookup(host, { all: true, verbatim: true });
  return found.map(({ address }) => ({ address, family: isIP(address) === 6 ? 6 : 4 }));
};

/**
 * A lookup of the system holds one of the four threads on which this process also reads and writes files, for as long as
 * a name server likes. The others must stay free.
 */
const MAXIMUM_LOOKUPS = 2;

/**
 * The one gate through which this service reaches servers that users name. A name is resolved once; every address it
 * has must be public, or permitted by the operator; the connection then goes to an address that was checked.
 */
export class Egress {
  private readonly lookups = new Turnstile(MAXIMUM_LOOKUPS);

  constructor(
    private readonly allowed: AllowList = EMPTY_ALLOW_LIST,
    private readonly resolveName: ResolveName = resolveWithSystem,
  ) {}

  /**
   * Checks a host name or IP address that a user gave, and pins it. Throws `data_sources.host_refused`,
   * `data_sources.blocked_address` when any of its addresses is not allowed, `data_sources.host_unknown` when it has
   * none, or the signal's reason.
   */
  async pin(host: string, port: number, signal?: AbortSignal): Promise<PinnedHost> {
    const name = checkedHost(host);
    const addresses = await this.addressesOf(name, signal);
    // One blocked address among several is enough to refuse: which of them would be used is the network's choice.
    if (!addresses.every(({ address }) => this.isAllowed(name, address, port))) throw blockedAddress(name);
    const [first, ...others] = addresses;
    if (!first) throw hostUnknown(name);
    const pinned = [first, ...others] as const;
    return { host: name, port, addresses: pinned, lookup: pinnedLookup(pinned) };
  }

  /**
   * The part of the check that needs no network, for when a source is made: refuses an address that is not allowed,
   * and what is no host. A name is checked when it is used.
   */
  check(host: string, port: number): void {
    const name = checkedHost(host);
    if (isIP(name) !== 0 && !this.isAllowed(name, name, port)) throw blockedAddress(name);
  }

  private isAllowed(host: string, address: string, port: number): boolean {
    return isPublicAddress(address) || this.allowed.permits(host, address, port);
  }

  private async addressesOf(host: string, signal?: AbortSignal): Promise<readonly ServerAddress[]> {
    signal?.throwIfAborted();
    const version = isIP(host);
    if (version !== 0) return [{ address: host, family: version === 6 ? 6 : 4 }];
    try {
      return await unlessAborted(
        this.lookups.run(() => this.resolveName(host)),
        signal,
      );
    } catch (error) {
      signal?.throwIfAborted();
      throw hostUnknown(host, error);
    }
  }
}

/** A lookup of the system cannot be ended; nobody waits for it any more. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  const { promise, reject } = withReject();
  const onAbort = (): void => {
    reject(new Error('aborted'));
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function withReject(): { promise: Promise<never>; reject: (error: Error) => void } {
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<never>((_, rejectPromise) => (reject = rejectPromise));
  return { promise, reject };
}

function pinnedLookup(addresses: PinnedHost['addresses']): LookupFunction {
  return (_host, options, callback) => {
    if (options.all === true) callback(null, addresses.slice());
    else callback(null, addresses[0].address, addresses[0].family);
  };
}
