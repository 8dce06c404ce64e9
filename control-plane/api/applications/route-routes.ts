/** Routes of environments: under which names and ports they are reached. */
import { owned } from "#control-plane/applications";
import { type CommandOf, groups } from "#control-plane/events";
import { json } from "#foundation/http";
import { readMembers } from "../body.ts";
import type { ApiEnvironment } from "../environment.ts";
import { execute } from "../execute.ts";
import { DONE, done } from "../orgs/shared.ts";
import type { OrgCall, OrgRoute } from "../route.ts";
import { count, object, text } from "../schemas.ts";
import * as present from "./present.ts";
import {
  answerOf,
  ENV,
  EXPECTED_VERSION,
  envAt,
  found,
  listSchema,
  PAGE,
  page,
  reads,
  recordSchema,
  renamed,
  writes,
} from "./shared.ts";

const protocol = { enum: ["http", "tls_passthrough", "tcp_raw"] };
const proxyProtocol = { enum: ["off", "v2"] };
const flag = { type: "boolean" };
const ROUTE = recordSchema(
  "Route",
  {
    org_id: text,
    app_id: text,
    env_id: text,
    protocol,
    hostname: text,
    path: text,
    listen_port: count,
    process_type: text,
    port: count,
    proxy_protocol: proxyProtocol,
  },
  ["hostname", "path", "listen_port"],
);
const NEW_ROUTE = object(
  {
    protocol,
    hostname: text,
    path: text,
    listen_port: count,
    backend_process_type: text,
    backend_port: count,
    proxy_protocol: proxyProtocol,
    backend_expects_proxy_protocol: flag,
  },
  ["hostname", "path", "listen_port", "proxy_protocol", "backend_expects_proxy_protocol"],
);
const CHANGES = object(
  {
    backend_process_type: text,
    backend_port: count,
    proxy_protocol: proxyProtocol,
    backend_expects_proxy_protocol: flag,
    expected_version: EXPECTED_VERSION,
  },
  ["backend_process_type", "backend_port", "proxy_protocol", "backend_expects_proxy_protocol", "expected_version"],
);
const NAMES = {
  protocol: "protocol",
  hostname: "hostname",
  path: "path",
  listen_port: "listenPort",
  backend_process_type: "processType",
  backend_port: "port",
  proxy_protocol: "proxyProtocol",
  backend_expects_proxy_protocol: "backendExpectsProxyProtocol",
  expected_version: "expectedVersion",
};
const PROBLEMS = ["NoSuchResource", "ResourceAlreadyExists", "RevisionMismatch", "QuotaExceeded", "ValidationFailed"];

export const ROUTE_ROUTES: readonly OrgRoute[] = [
  reads({
    method: "GET",
    path: `${ENV}/routes`,
    operationId: "listRoutes",
    summary: "Lists the routes of an environment.",
    scope: "routes:read",
    query: PAGE,
    answer: answerOf(listSchema(ROUTE), "By host name, path and port."),
    problems: ["NoSuchResource"],
    handle(call, environment) {
      const { envId } = envAt(call, environment);
      const place = ({ hostname = "", path = "", listenPort = 0 }) => `${hostname} ${path} ${listenPort}`;
      const routes = [...environment.core.views.inGroup("route", groups.inEnv(envId))].sort((left, right) =>
        place(left) < place(right) ? -1 : 1,
      );
      return page(call, routes, ({ routeId }) => routeId, present.route);
    },
  }),
  writes({
    method: "POST",
    path: `${ENV}/routes`,
    operationId: "createRoute",
    names: NAMES,
    summary: "Gives an environment a host name and path, a name in TLS, or a port.",
    scope: "routes:write",
    requestBody: NEW_ROUTE,
    answer: answerOf(ROUTE, "The route.", 201),
    problems: PROBLEMS,
    async handle(call, environment) {
      const { envId, accountId } = envAt(call, environment);
      const given = renamed(await readMembers(call.request, NEW_ROUTE), NAMES);
      const command = { type: "route.create", accountId, envId, ...given };
      const { routeId } = await execute(call, environment, command as CommandOf<"route.create">);
      return json(present.route(environment.core.views.record("route", routeId)!), 201);
    },
  }),
  reads({
    method: "GET",
    path: `${ENV}/routes/{route}`,
    operationId: "getRoute",
    summary: "Shows a route.",
    scope: "routes:read",
    answer: answerOf(ROUTE, "The route."),
    problems: ["NoSuchResource"],
    handle: (call, environment) => json(present.route(routeAt(call, environment))),
  }),
  writes({
    method: "PATCH",
    path: `${ENV}/routes/{route}`,
    operationId: "updateRoute",
    names: NAMES,
    summary: "Sends what a route takes somewhere else.",
    scope: "routes:write",
    requestBody: CHANGES,
    answer: answerOf(ROUTE, "The route."),
    problems: PROBLEMS,
    async handle(call, environment) {
      const { routeId, accountId } = routeAt(call, environment);
      const given = renamed(await readMembers(call.request, CHANGES), NAMES);
      const command = { type: "route.update", accountId, routeId, ...given };
      await execute(call, environment, command as CommandOf<"route.update">);
      return json(present.route(routeAt(call, environment)));
    },
  }),
  writes({
    method: "DELETE",
    path: `${ENV}/routes/{route}`,
    operationId: "deleteRoute",
    summary: "Takes a route away.",
    scope: "routes:write",
    answer: DONE,
    problems: ["NoSuchResource"],
    async handle(call, environment) {
      const { routeId, accountId } = routeAt(call, environment);
      await execute(call, environment, { type: "route.delete", accountId, routeId });
      return done();
    },
  }),
];

function routeAt(call: OrgCall, environment: ApiEnvironment) {
  const { envId, accountId } = envAt(call, environment);
  const route = owned(environment.core.views, "route", accountId, call.params.route!);
  return found(route?.envId === envId ? route : undefined, "route");
}
