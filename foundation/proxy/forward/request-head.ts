/** The head of the request that the upstream gets, made of the one that came. Pure. */

import { assertSafeHeader, type HeaderList, type HeaderView } from "#foundation/http";
import { authorityOf } from "../io/backend.ts";
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
  readonly contentLength: number | undefined;
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

/** A target may hold any byte but controls and blanks: anything else would be two requests. */
const TARGET = /^[\x21-\x7e\x80-\xff]+$/;

/** A target or a field of the caller that would make the request another one. A mistake of the program. */
export class UnsafeTarget extends Error {
  override readonly name = "UnsafeTarget";
}

/**
 * The head as text of one character per byte, with its empty line.
 *
 * The target and the fields are those of the client, byte for byte and in their order; what is for one hop alone is left out.
 *
 * @throws UnsafeTarget, UnsafeHeader for what the caller put in its place
 */
export function forwardedHead(
  request: ReceivedRequest,
  route: HeadRoute,
  context: HeadContext,
  framing: "none" | "length" | "chunked",
  upgrade: string | undefined,
): string {
  const { method, headers } = request;
  const { target, setHeaders, removeHeaders } = route;
  if (target !== undefined && !TARGET.test(target)) throw new UnsafeTarget("The target holds a blank or a control.");
  let text = `${method} ${target ?? upstreamTarget(method, request.target)} HTTP/1.1\r\nHost: ${hostOf(request, route)}\r\n`;
  const { raw, lowerNames } = headers;
  const dropped = nominated(headers.get("connection"));
  const replaced = setHeaders === undefined ? undefined : namesOf(setHeaders);
  for (let i = 0; i < lowerNames.length; i++) {
    const name = lowerNames[i]!;
    if (NOT_COPIED.has(name) || (dropped.size > 0 && dropped.has(name))) continue;
    if (replaced?.has(name) || removeHeaders?.includes(name)) continue;
    text += `${raw[i * 2]}: ${raw[i * 2 + 1]}\r\n`;
  }
  text += forwardedFields(context.forwarded, forwardedClient(request, context.port), (name) => headers.get(name));
  text += viaField(headers.get("via"), context.via);
  for (const [name, value] of setHeaders ?? NO_HEADERS) {
    assertSafeHeader(name, value);
    text += `${name}: ${value}\r\n`;
  }
  if (framing === "length") text += `Content-Length: ${request.contentLength}\r\n`;
  else if (framing === "chunked") text += "Transfer-Encoding: chunked\r\n";
  if (upgrade !== undefined) text += `Connection: Upgrade\r\nUpgrade: ${upgrade}\r\n`;
  // Trailers are passed on; some upstreams send them only to those who say so (RFC 9110 §10.1.4).
  else if (headers.get("te")?.toLowerCase().includes("trailers")) text += "Connection: TE\r\nTE: trailers\r\n";
  return `${text}\r\n`;
}

/** What of a route concerns the head. */
export type HeadRoute = Pick<Route, "backend" | "host" | "target" | "setHeaders" | "removeHeaders">;

const NO_HEADERS: HeaderList = [];

/** RFC 9110 §7.6.3. */
function viaField(came: string | undefined, own: string | undefined): string {
  if (own === undefined) return came === undefined ? "" : `Via: ${came}\r\n`;
  return `Via: ${came === undefined ? "" : `${came}, `}1.1 ${own}\r\n`;
}

function hostOf(request: ReceivedRequest, { host, backend }: HeadRoute): string {
  if (typeof host === "object") {
    assertSafeHeader("Host", host.text);
    return host.text;
  }
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
