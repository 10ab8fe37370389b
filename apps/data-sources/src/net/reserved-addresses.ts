import { BlockList, isIPv6 } from 'node:net';

/** IPv4 that is not a public server. https://www.iana.org/assignments/iana-ipv4-special-registry */
const RESERVED_IPV4 = [
  ['0.0.0.0', 8], // this network
  ['10.0.0.0', 8], // private
  ['100.64.0.0', 10], // shared by carriers; one cloud's metadata service
  ['127.0.0.0', 8], // loopback
  ['168.63.129.16', 32], // Azure's platform service, reachable from every machine there
  ['169.254.0.0', 16], // link-local; most clouds' metadata service
  ['172.16.0.0', 12], // private
  ['192.0.0.0', 24], // protocol assignments; one cloud's metadata service
  ['192.0.2.0', 24], // documentation
  ['192.88.99.0', 24], // 6to4 relays
  ['192.168.0.0', 16], // private
  ['198.18.0.0', 15], // benchmarks
  ['198.51.100.0', 24], // documentation
  ['203.0.113.0', 24], // documentation
  ['224.0.0.0', 4], // multicast
  ['240.0.0.0', 4], // reserved, broadcast
] as const;

/**
 * Every public IPv6 address is in this range. Outside of it are loopback, unique local, link-local and multicast, and
 * the forms that carry an IPv4 address: mapped, compatible, translated and NAT64.
 */
const PUBLIC_IPV6 = ['2000::', 3] as const;

/** What is special inside that range. https://www.iana.org/assignments/iana-ipv6-special-registry */
const RESERVED_IPV6 = [
  ['2001::', 23], // protocol assignments, Teredo among them, which carries an IPv4 address
  ['2001:db8::', 32], // documentation
  ['2002::', 16], // 6to4, which carries an IPv4 address
  ['3fff::', 20], // documentation
] as const;

const reserved = new BlockList();
for (const [network, bits] of RESERVED_IPV4) reserved.addSubnet(network, bits, 'ipv4');
for (const [network, bits] of RESERVED_IPV6) reserved.addSubnet(network, bits, 'ipv6');

const publicIpv6 = new BlockList();
publicIpv6.addSubnet(...PUBLIC_IPV6, 'ipv6');

/** Whether an IP address, in any valid form, is a public one. */
export function isPublicAddress(address: string): boolean {
  if (!isIPv6(address)) return !reserved.check(address, 'ipv4');
  return publicIpv6.check(address, 'ipv6') && !reserved.check(address, 'ipv6');
}
