/** Routes. */
import type { RouteRecord } from "#contracts";
import { type CommandHandlers, type NewEvent, refuse } from "#control-plane/events";
import type { ApplicationDependencies } from "./dependencies.ts";
import { declaredPorts, noSuch, owned, versionProblem } from "./find.ts";
import { quotaProblem } from "./quotas.ts";
import { conflictOf, type RouteMembers, routeMembers } from "./route-rules.ts";
import { ended } from "./tenant-handlers.ts";

export type RouteCommands = "route.create" | "route.update" | "route.delete";

export function createRouteHandlers({ newId }: ApplicationDependencies): CommandHandlers<RouteCommands> {
  return {
    "route.create"(command, views) {
      const { accountId, envId, processType, port } = command;
      const env = owned(views, "env", accountId, envId);
      if (env === undefined) return noSuch("environment");
      const route = routeMembers(command);
      const problem =
        typeof route === "string"
          ? route
          : (proxyProblem(command) ?? portProblem(declaredPorts(views, env, processType), processType, port));
      if (problem !== undefined) return refuse("ValidationFailed", problem);
      const members = route as RouteMembers;
      const refused = conflictOf(views, envId, members) ?? quotaProblem(views, accountId, quotaOf(members));
      if (refused !== undefined) return refused;
      const { appId } = env;
      const routeId = newId("rte_");
      return {
        ok: true,
        events: [routeCreated({ routeId, accountId, appId, envId, ...members })],
        result: { routeId },
      };
    },

    "route.update"(command, views) {
      const { accountId, routeId } = command;
      const route = owned(views, "route", accountId, routeId);
      const env = route === undefined ? undefined : owned(views, "env", accountId, route.envId);
      if (route === undefined || env === undefined) return noSuch("route");
      const stale = versionProblem(route, command);
      if (stale !== undefined) return stale;
      const processType = command.processType ?? route.processType;
      const port = command.port ?? route.port;
      const proxyProtocol = command.proxyProtocol ?? route.proxyProtocol;
      const checked = routeMembers({ ...route, processType, port, proxyProtocol });
      const problem =
        typeof checked === "string"
          ? checked
          : ((command.proxyProtocol === "v2" ? proxyProblem(command) : undefined) ??
            portProblem(declaredPorts(views, env, processType), processType, port));
      if (problem !== undefined) return refuse("ValidationFailed", problem);
      const changes = {
        ...(processType === route.processType ? {} : { processType }),
        ...(port === route.port ? {} : { port }),
        ...(proxyProtocol === route.proxyProtocol ? {} : { proxyProtocol }),
      };
      if (Object.keys(changes).length === 0) return { ok: true, events: [], result: {} };
      const payload = { routeId, ...changes };
      return {
        ok: true,
        events: [{ type: "route.updated", aggregateId: routeId, org: accountId, payload }],
        result: {},
      };
    },

    "route.delete"(command, views) {
      const { accountId, routeId } = command;
      const route = owned(views, "route", accountId, routeId);
      if (route === undefined) return noSuch("route");
      const stale = versionProblem(route, command);
      if (stale !== undefined) return stale;
      return { ok: true, events: [ended("route", routeId, accountId)], result: {} };
    },
  };
}

/** What a new route takes of the org's quotas. */
export const quotaOf = ({ hostname, listenPort }: RouteMembers) => ({
  routes: 1,
  ...(hostname === undefined ? {} : { hostnames: 1 }),
  ...(listenPort === undefined ? {} : { public_ports: 1 }),
});

export function routeCreated(
  route: Pick<RouteRecord, "routeId" | "accountId" | "appId" | "envId"> & RouteMembers,
): NewEvent {
  return { type: "route.created", aggregateId: route.routeId, org: route.accountId, payload: route };
}

/** Whoever does not expect the header takes it for the beginning of the request. */
function proxyProblem({
  proxyProtocol,
  backendExpectsProxyProtocol,
}: {
  readonly proxyProtocol?: "off" | "v2";
  readonly backendExpectsProxyProtocol?: boolean;
}): string | undefined {
  if (proxyProtocol !== "v2" || backendExpectsProxyProtocol === true) return undefined;
  return "backendExpectsProxyProtocol must be true with proxyProtocol v2: the program has to read the header";
}

function portProblem(ports: readonly number[] | undefined, processType: string, port: number): string | undefined {
  if (ports === undefined) {
    return `processType: no release of the app has a process ${JSON.stringify(processType)}`;
  }
  if (ports.includes(port)) return undefined;
  const declared = ports.length === 0 ? "it declares none" : `it declares ${ports.join(", ")}`;
  return `port: ${port} is not a port of ${processType}; ${declared}`;
}
