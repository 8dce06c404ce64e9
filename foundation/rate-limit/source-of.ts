/** What counts as one place on the network. */
import { parseIpRange } from "#foundation/policy";

/** Of 16 bits each. Whoever has one IPv6 address has the other 2^64 of its network too (RFC 4291 §2.5.4, RFC 6177 §2). */
const IPV6_NETWORK_GROUPS = 4;

/**
 * The source that an address stands for: an IPv4 address (also one mapped into IPv6) itself, an IPv6 address its network of 64 bits. What is no address is its own source.
 * @example
 * sourceOf("2001:db8:1:2:3:4:5:6"); // "2001:db8:1:2::/64"
 */
export function sourceOf(address: string): string {
  const range = parseIpRange(address);
  if (range === undefined) return address;
  if (range.family === 4) return range.groups.flatMap((group) => [group >> 8, group & 0xff]).join(".");
  const network = range.groups.slice(0, IPV6_NETWORK_GROUPS).map((group) => group.toString(16));
  return `${network.join(":")}::/64`;
}
