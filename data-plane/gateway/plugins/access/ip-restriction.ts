/** `ip-restriction`: from which addresses requests may come. */
import { BlockList, isIP } from "node:net";
import type { JsonObject } from "#foundation/gateway-artifact";
import { problem } from "../../problems.ts";
import { clientSeen } from "../../running/client-address.ts";
import type { Middleware, MiddlewarePlugin } from "../plugin.ts";

interface IpConfig {
  readonly allow: readonly string[];
  readonly deny: readonly string[];
  readonly trusted_proxies: readonly string[];
  readonly message?: string;
  readonly status: number;
}

export const ipRestriction: MiddlewarePlugin = {
  name: "ip-restriction",
  setup(given: JsonObject): Middleware {
    const { allow, deny, trusted_proxies, message, status } = given as unknown as IpConfig;
    const [allowed, denied] = [listOf(allow), listOf(deny)];
    const trusted = listOf(trusted_proxies);
    const isTrusted =
      trusted_proxies.length === 0
        ? undefined
        : (text: string) => {
            const address = plainAddress(text);
            return trusted.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
          };
    return {
      onRequest({ request }) {
        const { clientAddress, secure, host, headers } = request;
        const address = plainAddress(clientSeen(clientAddress, secure, host, headers, isTrusted).address);
        const family = isIP(address);
        const version = family === 6 ? "ipv6" : "ipv4";
        // Who has no address cannot be told from those who are denied.
        const isIn =
          family !== 0 && !denied.check(address, version) && (allow.length === 0 || allowed.check(address, version));
        return isIn
          ? undefined
          : problem("ip-restricted", { status, detail: message ?? "Requests from this address are not taken." });
      },
    };
  },
};

function listOf(cidrs: readonly string[]): BlockList {
  const list = new BlockList();
  for (const cidr of cidrs) {
    const { address, prefix, version } = cidrOf(cidr)!;
    list.addSubnet(address, prefix, version);
  }
  return list;
}

/** `192.0.2.0/24`, `2001:db8::/32`, or one address; undefined for what is none. */
export function cidrOf(text: string): { address: string; prefix: number; version: "ipv4" | "ipv6" } | undefined {
  const match = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text);
  const version = isIP(match?.[1] ?? "");
  if (match === null || version === 0) return undefined;
  const most = version === 6 ? 128 : 32;
  const prefix = match[2] === undefined ? most : Number(match[2]);
  return prefix > most ? undefined : { address: match[1]!, prefix, version: version === 6 ? "ipv6" : "ipv4" };
}

/** An address of IPv4 in the clothes of IPv6 is that address. */
const plainAddress = (address: string): string => /^::ffff:([\d.]+)$/i.exec(address)?.[1] ?? address;
