import { isIP, isIPv4 } from 'node:net';
import { blockedAddress, hostRefused } from './net.errors.js';

const HOST_NAME = /^(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?$/;

/** A label that `inet_aton` takes for a number: `127`, `0x7f`, `0177`. */
const NUMERIC_LABEL = /^(\d+|0x[\da-f]*)$/i;

/**
 * Checks one host name or IP address as a user gave it (IPv6 with or without brackets) and returns it in lower case,
 * without brackets or a last dot. Throws `data_sources.host_refused` for what is neither (a path, a list, a port), and
 * `data_sources.blocked_address` for the notations of IPv4 that hide an address (`2130706433`, `0x7f.1`,
 * `017700000001`).
 */
export function checkedHost(text: string): string {
  const host = unbracketed(text).toLowerCase();
  if (isIP(host) !== 0 && !host.includes('%')) return host;
  if (!HOST_NAME.test(host) || host.includes('..')) {
    throw hostRefused('it must be one host name or one IP address');
  }
  const name = host.replace(/\.$/, '');
  if (isIPv4(name) || NUMERIC_LABEL.test(name.slice(name.lastIndexOf('.') + 1))) throw blockedAddress(name);
  return name;
}

function unbracketed(text: string): string {
  const [, inside] = /^\[([^[\]]*)\]$/.exec(text) ?? [];
  return inside?.includes(':') ? inside : text;
}
