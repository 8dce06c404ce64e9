/** What the edge counts. Nothing that outsiders choose is in a label. */
import type { MetricsRegistry } from "#foundation/telemetry";

export function createEdgeMetrics(
  metrics: MetricsRegistry,
  now: () => { readonly routes: number; readonly connections: number },
) {
  const routes = metrics
    .gauge({ name: "biplane_edge_routes_loaded", help: "Routes of the configuration in force." })
    .labels();
  const concurrent = metrics
    .gauge({ name: "biplane_edge_connections_concurrent", help: "Requests and connections that are with a backend." })
    .labels();
  metrics.onCollect(() => {
    const { routes: loaded, connections } = now();
    routes.set(loaded);
    concurrent.set(connections);
  });
  const applied = metrics
    .counter({ name: "biplane_edge_config_apply_total", help: "Configurations that were put in force." })
    .labels();
  const requests = metrics.counter({
    name: "biplane_edge_requests_total",
    help: "Requests that were passed on, by the class of their answer.",
    labels: ["class"],
  });
  const failures = metrics.counter({
    name: "biplane_edge_upstream_failures_total",
    help: "Requests that a backend did not answer, by why.",
    labels: ["kind"],
  });
  const connections = metrics
    .counter({
      name: "biplane_edge_tcp_connections_total",
      help: "Connections of raw TCP and TLS that were passed on.",
    })
    .labels();
  const tcpFailures = metrics.counter({
    name: "biplane_edge_tcp_failures_total",
    help: "Connections that were closed without being passed on, by why.",
    labels: ["kind"],
  });
  return {
    applied: () => applied.inc(),
    http(status: number | undefined, failure: string | undefined): void {
      if (failure !== undefined) failures.labels(failure).inc();
      else if (status !== undefined) requests.labels(`${Math.floor(status / 100)}xx`).inc();
    },
    tcp: () => connections.inc(),
    tcpFailed: (kind: string) => tcpFailures.labels(kind).inc(),
  };
}
