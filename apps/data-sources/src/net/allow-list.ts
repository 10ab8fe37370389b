import { BlockList, isIP } from 'node:net';

/** What an operator permits on purpose, besides public addresses. */
export interface AllowList {
  /** Whether this address, to which this name resolved, may be connected to at this port. */
  permits(host: string, address: string, port: number): boolean;
}

/** Permits nothing. */
export const EMPTY_ALLOW_LIST: AllowList = { permits: () => false };

interface Entry {
  /** Undefined permits every port. */
  readonly port: number | undefined;
  matches(host: string, address: string): boolean;
}

const HOST = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?$/;

/**
 * Reads entries separated by commas: a network (`10.0.0.0/8`, `fd00::/8`), an address (`10.0.0.7`, `::1`) or a host
 * name, whatever it resolves to. Hosts and addresses may be narrowed to a port (`10.0.0.7:9000`, `[::1]:9000`).
 * Throws an Error that names the entry it does not understand.
 */
export function parseAllowList(text: string): AllowList {
  const entries = text
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .filter((entry) => entry !== '')
    .map(parseEntry);
  return {
    permits: (host, address, port) =>
      entries.some((entry) => (entry.port ?? port) === port && entry.matches(host, address)),
  };
}

function parseEntry(entry: string): Entry {
  const { name, port } = splitPort(entry);
  if (port !== undefined && (port < 1 || port > 65535)) throw notUnderstood(entry);
  const [network = '', bits, ...more] = name.split('/');
  if (bits === undefined) return isIP(name) ? networkEntry(entry, name, port) : hostEntry(entry, name, port);
  if (more.length > 0 || !/^\d{1,3}$/.test(bits) || port !== undefined) throw notUnderstood(entry);
  return networkEntry(entry, network, undefined, Number(bits));
}

/** An IPv6 address has colons of its own, so that a port needs brackets around it. */
function splitPort(entry: string): { name: string; port: number | undefined } {
  if (isIP(entry.split('/', 1)[0] ?? '') === 6) return { name: entry, port: undefined };
  const [, bracketed, plain, digits] = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(entry) ?? [];
  const name = bracketed ?? plain;
  return name === undefined ? { name: entry, port: undefined } : { name, port: Number(digits) };
}

function networkEntry(entry: string, network: string, port: number | undefined, bits?: number): Entry {
  const version = isIP(network);
  const maximumBits = version === 6 ? 128 : 32;
  if (version === 0 || (bits !== undefined && bits > maximumBits)) throw notUnderstood(entry);
  const list = new BlockList();
  list.addSubnet(network, bits ?? maximumBits, version === 6 ? 'ipv6' : 'ipv4');
  return {
    port,
    matches: (_, address) => list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4'),
  };
}

function hostEntry(entry: string, name: string, port: number | undefined): Entry {
  if (!HOST.test(name) || /^[\d.]+$/.test(name)) throw notUnderstood(entry);
  return { port, matches: (host) => host === name };
}

function notUnderstood(entry: string): Error {
  return new Error(`"${entry}" is no network, address or host name`);
}
