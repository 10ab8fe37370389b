import { checkedHost } from './host.js';
import { urlRefused } from './net.errors.js';

const MAXIMUM_LENGTH = 4096;

/** Scheme, then a host in letters, digits, dots, dashes or in brackets, then perhaps a port, then the rest. */
const SHAPE = /^(https?):\/\/([A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?(?=[/?]|$)/i;

/**
 * Reads the URL of a source. Stricter than the URL standard, since whatever two parsers could understand in two ways
 * is how a check is walked around: only http and https, no user information, fragment, backslash, white space or
 * character outside ASCII, and no host that reads as a number. Throws `data_sources.url_refused`,
 * `data_sources.blocked_address` (odd notations of an address) or `data_sources.host_refused`.
 */
export function parseSourceUrl(text: string): URL {
  if (text.length > MAXIMUM_LENGTH) throw urlRefused(`it has more than ${MAXIMUM_LENGTH} characters`);
  if (!/^[\x21-\x7e]*$/.test(text)) {
    throw urlRefused('it has white space or characters outside ASCII; write them percent-encoded');
  }
  if (/[\\#]/.test(text)) throw urlRefused('it has a backslash or a fragment');
  const [, , host, port] = SHAPE.exec(text) ?? [];
  if (host === undefined) {
    throw urlRefused('it must begin with http:// or https:// and a host, without user information');
  }
  const checked = checkedHost(host);
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65535)) throw urlRefused('the port is none');
  return parsed(text, checked);
}

/** Where a redirect's Location header leads, under the same rules; a fragment is dropped, since it is for readers. */
export function parseRedirect(location: string, from: URL): URL {
  const isPlain = /^[\x21-\x5b\x5d-\x7e]*$/.test(location);
  const target = isPlain && URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (!target) throw urlRefused('a redirect leads to something that is no URL');
  target.hash = '';
  return parseSourceUrl(target.href);
}

/** The port of an http or https URL. */
export function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'https:' ? 443 : 80;
}

/** The standard's parser must see the same host as ours. */
function parsed(text: string, host: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url) throw urlRefused('it is not well-formed');
  const seen = url.hostname.replace(/\.$/, '');
  const isSame = host.includes(':') ? seen.startsWith('[') : seen === host;
  if (!isSame || url.username !== '' || url.password !== '') throw urlRefused('its host is ambiguous');
  return url;
}
