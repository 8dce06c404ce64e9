/** `biplane routes` */
import { changeByApi } from "../../cli/api-client.ts";
import type { CommandBody } from "../../cli/command.ts";
import { cliErrors, usageError } from "../../cli/errors.ts";
import { printable } from "../../cli/terminal.ts";
import { printDone, printItems } from "../identity/listing.ts";
import type { RouteShape } from "./shapes.ts";
import { allItems, type EnvTarget, findEnv, targetText } from "./target.ts";

const whereOf = ({ protocol, hostname, path, listen_port: port }: RouteShape): string =>
  protocol === "tcp_raw" ? `port ${port}` : `${hostname}${path === undefined || path === "/" ? "" : path}`;

export const listRoutes: CommandBody = async (context) => {
  const { access, envPath } = await findEnv(context);
  return printItems(context, await allItems<RouteShape>(access, `${envPath}/routes`), [
    { title: "ROUTE", cell: ({ id }) => id },
    { title: "PROTOCOL", cell: ({ protocol }) => protocol },
    { title: "WHERE", cell: (route) => printable(whereOf(route)) },
    { title: "TO", cell: ({ process_type: type, port }) => `${type}:${port}` },
    { title: "PROXY", cell: ({ proxy_protocol: proxy }) => proxy },
  ]);
};

export const addRoute: CommandBody = async (context) => {
  const { arguments: given } = context;
  const target = await findEnv(context);
  const { access, envPath } = target;
  const where = given.positionals[0]!;
  const protocol = given.text("protocol") ?? (/^\d+$/.test(where) ? "tcp_raw" : "http");
  const port = given.integer("to-port", 1, 65_535);
  if (port === undefined) throw usageError("Which port of the process? Name it with --to-port.");
  const slash = where.indexOf("/");
  const place =
    protocol === "tcp_raw"
      ? { listen_port: Number(where) }
      : slash < 0
        ? { hostname: where }
        : { hostname: where.slice(0, slash), path: where.slice(slash) };
  const route = await changeByApi<RouteShape>(access, "POST", `${envPath}/routes`, {
    protocol,
    ...place,
    backend_process_type: given.text("process") ?? "web",
    backend_port: port,
    ...(given.has("proxy-protocol") ? { proxy_protocol: "v2", backend_expects_proxy_protocol: true } : {}),
  });
  return printDone(
    context,
    route,
    `${printable(whereOf(route))} leads to ${targetText(target)} ${route.process_type}:${route.port} (${route.id}).`,
  );
};

export const removeRoute: CommandBody = async (context) => {
  const target = await findEnv(context);
  const named = context.arguments.positionals[0]!;
  const route = await routeNamed(target, named);
  await changeByApi(target.access, "DELETE", `${target.envPath}/routes/${route.id}`);
  return printDone(context, { ...route, deleted: true }, `${printable(whereOf(route))} leads nowhere any more.`);
};

async function routeNamed({ access, envPath }: EnvTarget, named: string): Promise<RouteShape> {
  const routes = await allItems<RouteShape>(access, `${envPath}/routes`);
  const route = routes.find((one) => one.id === named || whereOf(one) === named || String(one.listen_port) === named);
  if (route === undefined)
    throw cliErrors.error(
      "NOT_FOUND",
      `There is no route ${printable(named)}. biplane routes list shows those there are.`,
    );
  return route;
}
