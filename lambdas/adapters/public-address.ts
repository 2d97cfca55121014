import { BlockList, isIP } from 'node:net';

/**
 * Addresses that are not of the public internet: private, shared, loopback, link-local (with the metadata service of AWS),
 * documentation, benchmarks, multicast, reserved. By https://www.iana.org/assignments/iana-ipv4-special-registry.
 */
const SPECIAL = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24'],
  ...['192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24'],
  ...['224.0.0.0/4', '240.0.0.0/4'],
];
/** Of IPv6 only this is public, without protocol assignments (Teredo among them), documentation, and 6to4, which leads to any IPv4. */
const PUBLIC_SIX = '2000::/3';
const SPECIAL_SIX = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

const listOf = (ranges: readonly string[], family: 'ipv4' | 'ipv6'): BlockList => {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', length] = range.split('/');
    list.addSubnet(address, Number(length), family);
  }
  return list;
};
const special = listOf(SPECIAL, 'ipv4');
const publicSix = listOf([PUBLIC_SIX], 'ipv6');
const specialSix = listOf(SPECIAL_SIX, 'ipv6');

/** True for an address of the public internet. */
export const isPublicAddress = (address: string): boolean => {
  const family = isIP(address);
  if (family === 4) return !special.check(address, 'ipv4');
  return family === 6 && publicSix.check(address, 'ipv6') && !specialSix.check(address, 'ipv6');
};

export const isLoopbackAddress = (address: string): boolean => address === '::1' || /^127\./.test(address);
