import type { NetworkAddress } from "#foundation/runtime";

/** `host:port`, with brackets around an IPv6 host. @throws RangeError */
export function parseAddress(address: string): NetworkAddress {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(address);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) throw new RangeError(`"${address}" is no address; host:port is expected`);
  return { host: match[1] ?? match[2]!, port };
}
