/** Who is on the other side, as far as it can be believed. Pure. */
import { isIP } from "node:net";
import type { HeaderFields } from "../message/header-fields.ts";

export interface ClientSeen {
  readonly address: string;
  readonly secure: boolean;
  /** In lower case. */
  readonly host: string;
}

/**
 * The address of the connection, unless that is a proxy that is trusted: then the last address in `X-Forwarded-For` that is none of them. What stands before it may be anybody's
 * invention.
 *
 * @param isTrusted undefined: nobody is
 */
export function clientSeen(
  remote: string,
  secure: boolean,
  host: string,
  headers: HeaderFields,
  isTrusted: ((address: string) => boolean) | undefined,
): ClientSeen {
  const lower = host.toLowerCase();
  if (isTrusted === undefined || !isTrusted(remote)) return { address: remote, secure, host: lower };
  const chain = headers.get("x-forwarded-for")?.split(",") ?? [];
  let address = remote;
  for (let i = chain.length - 1; i >= 0; i--) {
    const hop = plainAddress(chain[i]!.trim());
    if (hop === undefined) break;
    address = hop;
    if (!isTrusted(hop)) break;
  }
  const proto = headers.get("x-forwarded-proto")?.split(",").at(-1)?.trim().toLowerCase();
  return { address, secure: proto === undefined ? secure : proto === "https", host: lower };
}

/** `192.0.2.1:4711` and `[2001:db8::1]:4711` without port; undefined for what is no address. */
function plainAddress(text: string): string | undefined {
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1];
  const address = bracketed ?? (/^[\d.]+:\d+$/.test(text) ? text.slice(0, text.indexOf(":")) : text);
  return isIP(address) === 0 ? undefined : address;
}
