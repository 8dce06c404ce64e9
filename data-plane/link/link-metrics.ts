/** What the link counts. */
import type { Counter, Gauge, MetricsRegistry } from "#foundation/telemetry";

export interface LinkMetrics {
  readonly connections: Counter;
  readonly changes: Counter;
  readonly snapshots: Counter;
  readonly commands: Readonly<Record<"done" | "refused" | "unavailable", Counter>>;
  readonly commandSeconds: { observe(seconds: number): void };
  readonly connected: Gauge;
  readonly appliedThrough: Gauge;
}

export function declareLinkMetrics(metrics: MetricsRegistry): LinkMetrics {
  const commands = metrics.counter({
    name: "biplane_link_commands_total",
    help: "Control operations that this data plane asked the control plane for.",
    labels: ["outcome"],
  });
  return {
    connections: metrics
      .counter({ name: "biplane_link_connections_total", help: "Change streams that this data plane tried to open." })
      .labels(),
    changes: metrics
      .counter({ name: "biplane_link_changes_total", help: "Catalog changes applied from the change stream." })
      .labels(),
    snapshots: metrics
      .counter({ name: "biplane_link_snapshots_total", help: "Whole catalogs taken over from a snapshot." })
      .labels(),
    commands: {
      done: commands.labels("done"),
      refused: commands.labels("refused"),
      unavailable: commands.labels("unavailable"),
    },
    commandSeconds: metrics
      .histogram({
        name: "biplane_link_command_seconds",
        help: "From asking for a control operation until the local catalog shows it.",
      })
      .labels(),
    connected: metrics
      .gauge({ name: "biplane_link_connected", help: "1 while a change stream to the control plane is open." })
      .labels(),
    appliedThrough: metrics
      .gauge({ name: "biplane_link_applied_event", help: "Last event whose effects are in the local catalog." })
      .labels(),
  };
}
