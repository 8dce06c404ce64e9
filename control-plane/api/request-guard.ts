/** Which requests are not answered at all, whatever they carry. Pure. */
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

/** The address under which the client has reached this server: `http://localhost:4580`. Only of a request whose host was found to be ours. */
export function originOf({ secure, host }: Pick<HttpRequest, "secure" | "host">): string {
  return `${secure ? "https" : "http"}://${host.toLowerCase()}`;
}

/** Whether a browser sends the request on behalf of a page (Fetch standard, `Origin` and `Sec-Fetch-Site`). */
export function isFromPage(request: Pick<HttpRequest, "headers">): boolean {
  const site = request.headers.get("sec-fetch-site");
  return request.headers.has("origin") || (site !== undefined && site !== "none");
}

/** @throws ProblemError 421 */
export function guardHost(request: Pick<HttpRequest, "host">, names: ReadonlySet<string>): void {
  if (isOwnHost(request.host, names)) return;
  throw new ProblemError({
    status: 421,
    code: "FOREIGN_HOST",
    title: "This server does not answer under that name.",
    detail: "Use its address or localhost, or configure the name.",
  });
}

/** @throws ProblemError 421 for a foreign host, 403 for a page that wants to change something */
export function guardRequest(request: HttpRequest, names: ReadonlySet<string>): void {
  guardHost(request, names);
  if (!SAFE_METHODS.has(request.method) && isFromPage(request)) {
    throw new ProblemError({
      status: 403,
      code: "BROWSER_REQUEST_REFUSED",
      title: "Web pages cannot change anything here.",
      detail: "The API takes changes from programs only; it answers no cross-origin requests.",
    });
  }
}

/**
 * For the forms of our own pages: the browser must say that one of them sends it. Every browser sends `Origin` with a form that is posted (Fetch standard, "append a request `Origin` header").
 *
 * @throws ProblemError 421 for a foreign host, 403 for anything but a page of this very origin
 */
export function guardForm(request: HttpRequest, names: ReadonlySet<string>): void {
  guardHost(request, names);
  if (SAFE_METHODS.has(request.method)) return;
  const site = request.headers.get("sec-fetch-site");
  const sameSite = site === undefined || site === "same-origin";
  if (sameSite && isOwnOrigin(request.headers.get("origin"), request)) return;
  throw new ProblemError({
    status: 403,
    code: "FOREIGN_FORM",
    title: "This form comes from somewhere else.",
    detail: "Open the page here and send its form.",
  });
}

/** Over plain HTTP a proxy may stand between that speaks TLS with the browser. */
function isOwnOrigin(origin: string | undefined, request: HttpRequest): boolean {
  const given = origin?.toLowerCase();
  const own = originOf(request);
  return given === own || (!request.secure && given === own.replace(/^http:/, "https:"));
}
