/** What the scheduler counts. */
import { UNSCHEDULABLE_REASONS } from "#contracts";
import type { AnyEvent } from "#control-plane/events";
import type { MetricsRegistry } from "#foundation/telemetry";

export function createSchedulerMetrics(metrics: MetricsRegistry) {
  const counter = (name: string, help: string) => metrics.counter({ name, help }).labels();
  const passes = counter("biplane_scheduler_passes_total", "Decisions that the scheduler has made.");
  const groups = counter("biplane_scheduler_groups_total", "Groups of instances that were looked at.");
  const allocations = counter("biplane_scheduler_instance_allocations_total", "Instances that were given a node.");
  const drains = counter("biplane_scheduler_instance_drains_total", "Instances that were told to drain.");
  const ends = counter("biplane_scheduler_instance_stops_total", "Instances that have stopped or failed.");
  const seconds = metrics
    .histogram({
      name: "biplane_scheduler_reconcile_seconds",
      help: "How long a decision of the scheduler took, its commit included.",
      buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5],
    })
    .labels();
  const unschedulable = metrics.counter({
    name: "biplane_scheduler_unschedulable_total",
    help: "How often a group could not be placed, by reason.",
    labels: ["reason"],
  });
  for (const reason of UNSCHEDULABLE_REASONS) unschedulable.labels(reason);
  const rollouts = metrics.counter({
    name: "biplane_scheduler_rollouts_total",
    help: "Deploys that have come to an end, by how.",
    labels: ["status"],
  });
  return {
    pass(milliseconds: number, looked: number): void {
      passes.inc();
      groups.inc(looked);
      seconds.observe(milliseconds / 1000);
    },
    committed(events: readonly AnyEvent[]): void {
      for (const event of events) {
        if (event.type === "instance.allocated") allocations.inc();
        else if (event.type === "instance.desiredStateChanged") drains.inc();
        else if (event.type === "instance.statusChanged") {
          if (event.payload.status === "stopped" || event.payload.status === "failed") ends.inc();
        } else if (event.type === "env.schedulingChanged") {
          for (const { reason } of Object.values(event.payload.unschedulable ?? {})) unschedulable.labels(reason).inc();
        } else if (event.type === "deploy.statusChanged" && event.payload.finishedAt !== undefined) {
          rollouts.labels(event.payload.status ?? "failed").inc();
        }
      }
    },
  };
}
