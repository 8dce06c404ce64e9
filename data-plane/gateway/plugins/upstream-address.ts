/** Where a request goes on another server. Pure. */
import type { Origin, OriginTls } from "#foundation/http1";

export interface Upstream {
  readonly origin: Origin;
  /** For the field `Host`. */
  readonly host: string;
  /** Path of the address, without a slash at its end. */
  readonly basePath: string;
}

/** @param url http or https (ws or wss) @param version of HTTP @throws TypeError when it is none */
export function upstreamOf(url: string, tls: OriginTls = {}, version: Origin["version"] = "1.1"): Upstream {
  const { protocol, hostname, port, host, pathname } = new URL(url);
  const secure = protocol === "https:" || protocol === "wss:";
  if (!secure && protocol !== "http:" && protocol !== "ws:") throw new TypeError(`${url} is no address of a server.`);
  const address = {
    kind: "tcp",
    host: hostname.replace(/^\[|\]$/g, ""),
    port: port === "" ? (secure ? 443 : 80) : Number(port),
  } as const;
  const said = version === "1.1" ? {} : { version };
  return {
    origin: secure ? { address, tls, ...said } : { address, ...said },
    host,
    basePath: pathname.replace(/\/+$/, ""),
  };
}

export type TargetOf = (request: {
  readonly path: string;
  readonly query: string;
  readonly pathParameters: Readonly<Record<string, string>>;
}) => string;

/**
 * @param template the path to ask for, with `{name}` for parameters of the request's own path; undefined: the path that was asked for
 */
export function targetOf(basePath: string, template: string | undefined): TargetOf {
  const withQuery = (path: string, query: string): string => {
    const whole = basePath + path;
    const target = whole === "" ? "/" : whole;
    return query === "" ? target : `${target}?${query}`;
  };
  if (template === undefined) return ({ path, query }) => withQuery(path, query);
  const parts = template.split(/\{([^{}+]+)(\+?)\}/);
  return ({ pathParameters, query }) => {
    let path = "";
    for (let index = 0; index < parts.length; index += 3) {
      path += parts[index];
      const name = parts[index + 1];
      if (name === undefined) continue;
      const value = Object.hasOwn(pathParameters, name) ? pathParameters[name]! : "";
      // One that stands for several segments keeps its slashes.
      path += parts[index + 2] === "+" ? value.split("/").map(encodeURIComponent).join("/") : encodeURIComponent(value);
    }
    return withQuery(path.startsWith("/") ? path : `/${path}`, query);
  };
}
