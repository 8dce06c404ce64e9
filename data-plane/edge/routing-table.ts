/** Which request goes where, from one configuration. Immutable: a new configuration is a new table, and takes its place in one step. Pure. */
import { EDGE_SERVICE_SUFFIX, type EdgeBackend, type EdgeConfig, type EdgeRoute } from "#contracts";
import { serviceNames } from "./service-names.ts";

/** A route of the table. What is the same under two configurations is the same object's `key`. */
export interface TableRoute {
  readonly route: EdgeRoute;
  /** Names the route across configurations. */
  readonly key: string;
}

/** The routes of one host, the longest path first. */
interface HostEntry {
  readonly paths: readonly TablePath[];
}

export interface TablePath {
  readonly path: string;
  readonly route: TableRoute;
}

export class RoutingTable {
  readonly cursor: EdgeConfig["cursor"];
  readonly #hosts = new Map<string, HostEntry>();
  readonly #names = new Map<string, TableRoute>();
  readonly #ports = new Map<number, TableRoute>();
  readonly #services: ReadonlyMap<string, HostEntry>;
  readonly #all: readonly TableRoute[];

  constructor(config: EdgeConfig) {
    this.cursor = config.cursor;
    this.#all = config.routes.map((route) => ({ route, key: route.routeId }));
    const hosts = new Map<string, { path: string; route: TableRoute }[]>();
    for (const entry of this.#all) {
      const { protocol, hostname, path = "/", listenPort } = entry.route;
      if (protocol === "tcp_raw" && listenPort !== undefined) this.#ports.set(listenPort, entry);
      else if (hostname === undefined) continue;
      else if (protocol === "tls_passthrough") this.#names.set(hostname, entry);
      else hosts.set(hostname, [...(hosts.get(hostname) ?? []), { path, route: entry }]);
    }
    for (const [host, paths] of hosts) this.#hosts.set(host, { paths: longestFirst(paths) });
    this.#services = new Map(
      [...serviceNames(this.#all)].map(([name, paths]) => [name, { paths: longestFirst(paths) }] as const),
    );
  }

  get routes(): readonly TableRoute[] {
    return this.#all;
  }

  /** Host names that are answered over HTTP, sorted. */
  get httpHosts(): readonly string[] {
    return [...this.#hosts.keys()].sort();
  }

  /** Ports on which raw TCP is taken. */
  get tcpPorts(): ReadonlyMap<number, TableRoute> {
    return this.#ports;
  }

  hasHost(host: string): boolean {
    return this.#hosts.has(host);
  }

  /** @param host as {@link hostOf} gives it: of a route, or the name of a service. @param path of the request, as it came */
  http(host: string, path: string): TableRoute | undefined {
    const entry = host.endsWith(EDGE_SERVICE_SUFFIX) ? this.#services.get(host) : this.#hosts.get(host);
    if (entry === undefined) return undefined;
    return entry.paths.find((candidate) => covers(candidate.path, path))?.route;
  }

  /** @param serverName what a client asks for in TLS */
  tls(serverName: string): TableRoute | undefined {
    return this.#names.get(normalHost(serverName));
  }
}

const longestFirst = (paths: HostEntry["paths"]): HostEntry["paths"] =>
  [...paths].sort((left, right) => right.path.length - left.path.length);

/** Whole segments: `/api` covers `/api` and `/api/x`, not `/apix`. */
function covers(prefix: string, path: string): boolean {
  if (prefix === "/") return true;
  return path.startsWith(prefix) && (path.length === prefix.length || path[prefix.length] === "/");
}

const normalHost = (host: string): string => (host.endsWith(".") ? host.slice(0, -1) : host).toLowerCase();

/** The host that a request is for, from its `Host` field: without port and final dot, in lower case. */
export function hostOf(authority: string): string {
  const colon = authority.lastIndexOf(":");
  // An address of version 6 stands in brackets; no route has one.
  const name = colon > authority.lastIndexOf("]") ? authority.slice(0, colon) : authority;
  return normalHost(name);
}

/** Names a backend across configurations: another address under the same instance is another backend. */
export const backendKey = ({ instanceId, host, port }: EdgeBackend): string => `${instanceId} ${host} ${port}`;
