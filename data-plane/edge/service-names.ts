/** Names of applications that hold whatever their routes are called (`EDGE_SERVICE_SUFFIX`). They lead to nothing that no route leads to. Pure. */
import { EDGE_SERVICE_SUFFIX } from "#contracts";
import type { TablePath, TableRoute } from "./routing-table.ts";

/** Paths by name. A process has a name without a port where its routes lead to one port only: which of several is meant nobody could say. */
export function serviceNames(routes: readonly TableRoute[]): ReadonlyMap<string, readonly TablePath[]> {
  const byName = new Map<string, Map<string, TableRoute>>();
  const ports = new Map<string, Set<number>>();
  for (const entry of routes) {
    const { protocol, service, accountId, path = "/" } = entry.route;
    if (protocol !== "http" || service === undefined) continue;
    const name = `${service.processType}.${service.environment}.${service.app}.${accountId}${EDGE_SERVICE_SUFFIX}`;
    ports.set(name, (ports.get(name) ?? new Set()).add(service.port));
    for (const one of [name, `${service.port}.${name}`]) {
      const paths = byName.get(one) ?? new Map<string, TableRoute>();
      // Of two host names with the same path, either leads to the same instances.
      if (!paths.has(path)) paths.set(path, entry);
      byName.set(one, paths);
    }
  }
  for (const [name, { size }] of ports) if (size > 1) byName.delete(name);
  return new Map([...byName].map(([name, paths]) => [name, [...paths].map(([path, route]) => ({ path, route }))]));
}
