/** Routes: what they may say, and which they are at a deploy. Pure. */
import type { EnvRecord, Manifest, RouteProtocol, RouteRecord } from "#contracts";
import { type CatalogReader, groups, type Refusal, refuse } from "#control-plane/events";
import { exactHostname, HOSTNAME_RULE, listenPortProblem, PATH_RULE, routePath } from "./names.ts";

/** What a caller asks for. */
export interface AskedRoute {
  readonly protocol: RouteProtocol;
  readonly hostname?: string;
  readonly path?: string;
  readonly listenPort?: number;
  readonly processType: string;
  readonly port: number;
  readonly proxyProtocol?: "off" | "v2";
}

/** The members of a record that say what it routes and where to. */
export type RouteMembers = Pick<
  RouteRecord,
  "protocol" | "hostname" | "path" | "listenPort" | "processType" | "port" | "proxyProtocol"
>;

/** The route in the one form in which it is kept, or what is wrong with it: a sentence that names the field. */
export function routeMembers(asked: AskedRoute): RouteMembers | string {
  const { protocol, processType, port, proxyProtocol = "off" } = asked;
  const common = { protocol, processType, port, proxyProtocol };
  if (protocol === "tcp_raw") {
    if (asked.hostname !== undefined) return "hostname means nothing with protocol tcp_raw: leave it out";
    if (asked.path !== undefined) return "path means nothing with protocol tcp_raw: leave it out";
    const problem = listenPortProblem(asked.listenPort);
    return problem ?? { ...common, listenPort: asked.listenPort! };
  }
  if (asked.listenPort !== undefined) {
    return `listenPort means nothing with protocol ${protocol}, which shares the edge's ports: leave it out`;
  }
  if (asked.hostname === undefined) return `hostname must be given with protocol ${protocol}`;
  const hostname = exactHostname(asked.hostname);
  if (hostname === undefined) return HOSTNAME_RULE;
  if (protocol === "tls_passthrough") {
    if (asked.path !== undefined) return "path cannot be seen inside TLS: leave it out with protocol tls_passthrough";
    return { ...common, hostname };
  }
  if (proxyProtocol !== "off") return "proxyProtocol must be off with protocol http, which has X-Forwarded-For";
  const path = routePath(asked.path ?? "/");
  return path === undefined ? PATH_RULE : { ...common, hostname, path };
}

/** Whether somebody has this traffic already. A host name belongs to one environment whole; who has it is not told. */
export function conflictOf(views: CatalogReader, envId: string, route: RouteMembers): Refusal | undefined {
  const others = views.inGroup("route", groups.routed(route));
  if (others.length === 0) return undefined;
  if (route.protocol === "tcp_raw") {
    return refuse("ResourceAlreadyExists", `listenPort ${route.listenPort} is in use in this cloud`);
  }
  if (others.some((other) => other.envId !== envId)) {
    return refuse("ResourceAlreadyExists", `hostname ${route.hostname} is in use in this cloud`);
  }
  const same = others.find(
    (other) => other.protocol !== route.protocol || route.protocol === "tls_passthrough" || other.path === route.path,
  );
  if (same === undefined) return undefined;
  return refuse(
    "ResourceAlreadyExists",
    `This environment has a route for ${route.hostname}${route.path ?? ""} already`,
  );
}

/** The environment whose host names do not name it. */
const MAIN_ENV = "production";

/**
 * The routes that a deploy makes: those that the manifest declares; or, where it declares none, one host name on this machine for the process that people look at.
 */
export function routesOfManifest(manifest: Manifest, appName: string, env: EnvRecord): readonly AskedRoute[] {
  if (manifest.endpoints.length > 0) {
    return manifest.endpoints.map(({ process, port, protocol, hostname, path, listen_port, proxy_protocol }) => ({
      protocol,
      processType: process,
      port,
      proxyProtocol: proxy_protocol,
      ...(hostname === undefined ? {} : { hostname }),
      ...(path === undefined ? {} : { path }),
      ...(listen_port === undefined ? {} : { listenPort: listen_port }),
    }));
  }
  const names = Object.keys(manifest.processes);
  const processType = names.includes("web") ? "web" : names.find((name) => manifest.processes[name]!.ports.length > 0);
  const port = processType === undefined ? undefined : manifest.processes[processType]!.ports[0]?.internal;
  if (processType === undefined || port === undefined) return [];
  const labels = env.name === MAIN_ENV ? [processType, appName] : [processType, env.name, appName];
  return [{ protocol: "http", hostname: `${labels.join(".")}.localhost`, path: "/", processType, port }];
}
