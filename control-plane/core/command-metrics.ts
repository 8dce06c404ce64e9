/** What the control plane counts of its commands and of its log. */
import type { CommandOutcome } from "#contracts";
import type { MetricsRegistry } from "#foundation/telemetry";

/** Told by the executor; see `createCommandMetrics`. */
export interface CommandMeter {
  /** A command was answered. */
  answered(outcome: CommandOutcome): void;
  /** A batch was written. */
  appended(batch: { readonly events: number; readonly lastEvent: number; readonly milliseconds: number }): void;
  /** A batch was not written. */
  appendFailed(): void;
  /** The answer to a command was one that is remembered from before. */
  repeated(): void;
}

export function createCommandMetrics(metrics: MetricsRegistry): CommandMeter {
  const commands = metrics.counter({
    name: "biplane_commands_total",
    help: "Commands that were answered, by how: done, refused, failed.",
    labels: ["outcome"],
  });
  const [done, refused, failed] = [commands.labels("done"), commands.labels("refused"), commands.labels("failed")];
  const counter = (name: string, help: string) => metrics.counter({ name, help }).labels();
  const repetitions = counter(
    "biplane_idempotency_hits_total",
    "Commands that were sent again, and answered as the first time.",
  );
  const events = counter("biplane_events_appended_total", "Events that were written to the log.");
  const failures = counter("biplane_event_append_failures_total", "Batches of events that the log did not take.");
  const last = metrics.gauge({ name: "biplane_events_last_id", help: "The last event of the log." }).labels();
  const seconds = metrics
    .histogram({
      name: "biplane_event_append_seconds",
      help: "How long a batch of events took to be on disk, with its views.",
      buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5],
    })
    .labels();
  return {
    answered(outcome) {
      if (outcome.ok) done.inc();
      else if (outcome.code === "Internal") failed.inc();
      else refused.inc();
    },
    appended(batch) {
      events.inc(batch.events);
      last.set(batch.lastEvent);
      seconds.observe(batch.milliseconds / 1_000);
    },
    appendFailed: () => failures.inc(),
    repeated: () => repetitions.inc(),
  };
}
