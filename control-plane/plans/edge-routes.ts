/** What edges are told of the routes of an environment, from the records. Pure. */
import type { EdgeBackend, EdgeRoute, EnvRecord, InstanceRecord, RouteRecord } from "#contracts";
import { type CatalogReader, groups } from "#control-plane/events";

/** The routes of one environment with the instances that may be sent to now. */
export function edgeRoutesOf(views: CatalogReader, envId: string): readonly EdgeRoute[] {
  const env = views.record("env", envId);
  if (env === undefined) return [];
  return views
    .inGroup("route", groups.inEnv(envId))
    .map((route) => edgeRouteOf(views, env, route))
    .sort((left, right) => (left.routeId < right.routeId ? -1 : 1));
}

function edgeRouteOf(views: CatalogReader, env: EnvRecord, route: RouteRecord): EdgeRoute {
  const { routeId, accountId, appId, envId, protocol, hostname, path, listenPort, proxyProtocol, processType } = route;
  const app = views.record("app", appId);
  const instances = views.inGroup("instance", groups.ofProcess(envId, processType));
  const backends = instances
    .flatMap((instance) => backendOf(instance, route.port) ?? [])
    .sort((left, right) => (left.instanceId < right.instanceId ? -1 : 1));
  return {
    routeId,
    accountId,
    envId,
    protocol,
    ...(hostname === undefined ? {} : { hostname }),
    ...(path === undefined ? {} : { path }),
    ...(listenPort === undefined ? {} : { listenPort }),
    proxyProtocol,
    ...(app === undefined ? {} : { service: { app: app.name, environment: env.name, processType, port: route.port } }),
    backends,
    ...(backends.length > 0 ? {} : { unavailable: whyUnavailable(env, processType, instances) }),
  };
}

/** Only what is ready, and is not being taken away. */
function backendOf(instance: InstanceRecord, port: number): EdgeBackend | undefined {
  const { instanceId, desiredState, status, address } = instance;
  if (desiredState !== "running" || status !== "ready" || address === undefined) return undefined;
  const listening = address.ports[String(port)];
  return listening === undefined ? undefined : { instanceId, host: address.host, port: listening };
}

function whyUnavailable(
  env: EnvRecord,
  processType: string,
  instances: readonly InstanceRecord[],
): NonNullable<EdgeRoute["unavailable"]> {
  if (env.desired[processType] === undefined) return "not_deployed";
  if (env.scale[processType] === 0) return "scaled_to_zero";
  if (env.unschedulable[processType] !== undefined) return "unhealthy";
  const wanted = instances.filter(({ desiredState }) => desiredState === "running");
  const broken = wanted.some(({ status }) => status === "failed" || status === "unready");
  return broken ? "unhealthy" : "starting";
}
