/** What the upstream gets of a request's head, made of the one that came. Pure. */

import type { HeaderList, HeaderView } from "#foundation/http";
import type { OutgoingRequest } from "#foundation/http1";
import { authorityOf } from "../backend.ts";
import { FORWARDED_NAMES, type ForwardedClient, type ForwardedPolicy, forwardedFields } from "./forwarded.ts";
import { HOP_BY_HOP, nominated } from "./hop-by-hop.ts";
import type { Route } from "./route.ts";

/** What is to be known of the request that came. */
export interface ReceivedRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: HeaderView;
  /** The `Host` field or the authority of an absolute target; `""` when there is none. */
  readonly host: string;
  readonly remoteAddress: string;
  readonly secure: boolean;
}

/** What is the same for all requests of a proxy. */
export interface HeadContext {
  readonly forwarded: ForwardedPolicy;
  /** The port that clients come to. */
  readonly port: number | undefined;
  /** Our name in `Via`; undefined for no such field. */
  readonly via: string | undefined;
}

/** Never copied from the request: hop by hop, told of the client, or written anew. */
const NOT_COPIED: ReadonlySet<string> = new Set([...HOP_BY_HOP, ...FORWARDED_NAMES, "host", "content-length", "via"]);

/** A part of what `ClientPool.request` wants. It is not checked here that it can be sent: whoever writes it does that. */
export type ForwardedHead = Required<
  Pick<OutgoingRequest, "method" | "target" | "host" | "fields" | "acceptsTrailers">
>;

/**
 * The head that goes on. The target and the fields are those of the client, byte for byte and in their order; what is for one hop alone, and what says where
 * the message ends, is left out.
 * @param expects whether the body is sent when the upstream asks for it: that is said anew
 */
export function forwardedHead(
  request: ReceivedRequest,
  route: HeadRoute,
  context: HeadContext,
  expects: boolean,
): ForwardedHead {
  const { method, headers } = request;
  const { setHeaders, removeHeaders } = route;
  const fields: string[] = [];
  const { raw, lowerNames } = headers;
  const dropped = nominated(headers.get("connection"));
  const replaced = setHeaders === undefined ? undefined : namesOf(setHeaders);
  for (let i = 0; i < lowerNames.length; i++) {
    const name = lowerNames[i]!;
    if (NOT_COPIED.has(name) || (dropped.size > 0 && dropped.has(name))) continue;
    if (replaced?.has(name) || removeHeaders?.includes(name) || (expects && name === "expect")) continue;
    fields.push(raw[i * 2]!, raw[i * 2 + 1]!);
  }
  forwardedFields(fields, context.forwarded, forwardedClient(request, context.port), (name) => headers.get(name));
  const via = viaValue(headers.get("via"), context.via);
  if (via !== undefined) fields.push("Via", via);
  for (const [name, value] of setHeaders ?? NO_HEADERS) fields.push(name, value);
  return {
    method,
    target: route.target ?? upstreamTarget(method, request.target),
    host: hostOf(request, route),
    fields,
    // They are passed on.
    acceptsTrailers: headers.get("te")?.toLowerCase().includes("trailers") === true,
  };
}

/** What of a route concerns the head. */
export type HeadRoute = Pick<Route, "backend" | "host" | "target" | "setHeaders" | "removeHeaders">;

const NO_HEADERS: HeaderList = [];

/** RFC 9110 §7.6.3. */
function viaValue(came: string | undefined, own: string | undefined): string | undefined {
  if (own === undefined) return came;
  return `${came === undefined ? "" : `${came}, `}1.1 ${own}`;
}

function hostOf(request: ReceivedRequest, { host, backend }: HeadRoute): string {
  if (typeof host === "object") return host.text;
  // A client of HTTP/1.0 may name no host.
  return host === "backend" || request.host === "" ? authorityOf(backend) : request.host;
}

function forwardedClient(request: ReceivedRequest, port: number | undefined): ForwardedClient {
  const { remoteAddress, secure, host } = request;
  return { remoteAddress, secure, port, host };
}

function namesOf(headers: HeaderList): ReadonlySet<string> {
  return new Set(headers.map(([name]) => name.toLowerCase()));
}

/**
 * An absolute target in origin form, which every server understands (RFC 9112 §3.2.1, §3.2.2); every other one as it came. `OPTIONS http://host` means the
 * server as a whole, `*` (§3.2.4).
 */
export function upstreamTarget(method: string, target: string): string {
  if (target.charCodeAt(0) === 0x2f || target === "*") return target;
  const rest = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?#]*(.*)$/s.exec(target)?.[1];
  if (rest === undefined) return target;
  if (rest === "") return method === "OPTIONS" ? "*" : "/";
  return rest.startsWith("/") ? rest : `/${rest}`;
}
