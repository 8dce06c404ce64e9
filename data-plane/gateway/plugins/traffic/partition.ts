/** Into which parts requests are divided, each with a quota of its own. */
import { createHash } from "node:crypto";
import { BlockList, isIP } from "node:net";
import { sourceOf } from "#foundation/rate-limit";
import type { GatewayExchange } from "../../message/gateway-exchange.ts";
import { clientSeen } from "../../running/client-address.ts";

export interface PartitionConfig {
  readonly partition_key: string;
  readonly trusted_proxies: readonly string[];
}

/** Longer names are kept as a digest, so that nobody fills the memory with them. */
const NAME_MAX = 64;

/**
 * The part that a request belongs to. Where a request has no such thing (no header field of the name, nobody verified), it belongs to its address: were they all one part, anybody
 * could use up what is there for others.
 */
export function partitionOf(config: PartitionConfig): (exchange: GatewayExchange) => string {
  const { partition_key: key } = config;
  const address = addressOf(config.trusted_proxies);
  if (key === "client_ip") return address;
  const named = namedBy(key);
  if (named === undefined) return () => key;
  return (exchange) => {
    const name = named(exchange);
    if (name === undefined || name === "") return address(exchange);
    // Not the same as an address of this spelling.
    return name.length > NAME_MAX ? `#${createHash("sha256").update(name).digest("base64")}` : `=${name}`;
  };
}

function namedBy(key: string): ((exchange: GatewayExchange) => string | undefined) | undefined {
  if (key === "identity") return ({ identity }) => identity && `${identity.by}\n${identity.consumer}`;
  const colon = key.indexOf(":");
  const name = key.slice(colon + 1);
  if (key.startsWith("context:")) return ({ context }) => context.get(name);
  if (!key.startsWith("header:")) return undefined;
  const field = name.toLowerCase();
  return ({ request }) => request.headers.get(field);
}

function addressOf(trustedProxies: readonly string[]): (exchange: GatewayExchange) => string {
  if (trustedProxies.length === 0) return ({ request }) => placeOf(request.clientAddress);
  const trusted = blockList(trustedProxies);
  const isTrusted = (address: string): boolean => trusted.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
  return ({ request: { clientAddress, secure, host, headers } }) =>
    placeOf(clientSeen(clientAddress, secure, host, headers, isTrusted).address);
}

function placeOf(address: string): string {
  return address.includes(":") ? sourceOf(address) : address;
}

/** @throws Error for what is no address and no range */
function blockList(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = "", bits] = range.split("/");
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
    list.addSubnet(address, bits === undefined ? (family === "ipv6" ? 128 : 32) : Number(bits), family);
  }
  return list;
}
