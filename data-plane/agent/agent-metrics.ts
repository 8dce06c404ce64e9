/** What the agent counts. */
import type { MetricsRegistry } from "#foundation/telemetry";
import type { ExitReason } from "./runtimes/index.ts";

export function createAgentMetrics(metrics: MetricsRegistry) {
  const instances = metrics.gauge({
    name: "biplane_agent_instances",
    help: "Instances of this node: that shall run, that run, that are ready.",
    labels: ["state"],
  });
  const starts = metrics
    .counter({ name: "biplane_agent_instance_starts_total", help: "Programs that were started." })
    .labels();
  const ends = metrics.counter({
    name: "biplane_agent_instance_ends_total",
    help: "Programs that have ended, by how.",
    labels: ["reason"],
  });
  return {
    instances({
      desired,
      running,
      ready,
    }: {
      readonly desired: number;
      readonly running: number;
      readonly ready: number;
    }): void {
      instances.labels("desired").set(desired);
      instances.labels("running").set(running);
      instances.labels("ready").set(ready);
    },
    started: () => starts.inc(),
    ended: (reason: ExitReason) => ends.labels(reason).inc(),
  };
}
