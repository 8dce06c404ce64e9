/** Which requests are not answered at all, whatever token they carry. Pure. */
import { isIP } from "node:net";
import { type HttpRequest, ProblemError } from "#foundation/http";

/** Methods that change nothing (RFC 9110 §9.2.1). */
const SAFE_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Whether the host of a request can be meant for this server.
 *
 * A web page can make a browser send requests here under the page's own host name (DNS rebinding). It cannot do so under an address, under `localhost`
 * (RFC 6761 §6.3) or under a name that is configured here, so only those are answered.
 *
 * @param host the `Host` header, with or without a port
 * @param names configured names, lower case
 */
export function isOwnHost(host: string, names: ReadonlySet<string>): boolean {
  const parts = /^(\[[0-9a-f:.]+\]|[^:]+)(?::\d{1,5})?$/i.exec(host);
  if (parts === null) return false;
  const name = parts[1]!.toLowerCase().replace(/\.$/, "");
  if (name.startsWith("[")) return isIP(name.slice(1, -1)) === 6;
  return isIP(name) === 4 || name === "localhost" || name.endsWith(".localhost") || names.has(name);
}

/** Whether a browser sends the request on behalf of a page (Fetch standard, `Origin` and `Sec-Fetch-Site`). */
export function isFromPage(request: Pick<HttpRequest, "headers">): boolean {
  const site = request.headers.get("sec-fetch-site");
  return request.headers.has("origin") || (site !== undefined && site !== "none");
}

/** @throws ProblemError 421 for a foreign host, 403 for a page that wants to change something */
export function guardRequest(request: HttpRequest, names: ReadonlySet<string>): void {
  if (!isOwnHost(request.host, names)) {
    throw new ProblemError({
      status: 421,
      code: "FOREIGN_HOST",
      title: "This server does not answer under that name.",
      detail: "Use its address or localhost, or configure the name.",
    });
  }
  if (!SAFE_METHODS.has(request.method) && isFromPage(request)) {
    throw new ProblemError({
      status: 403,
      code: "BROWSER_REQUEST_REFUSED",
      title: "Web pages cannot change anything here.",
      detail: "The API takes changes from programs only; it answers no cross-origin requests.",
    });
  }
}
