/** Counts what is stuck, from time to time, for alert rules and the log. */
import type { CatalogReader, QuarantinedEvent } from "#control-plane/events";
import type { Clock, Timers } from "#foundation/runtime";
import type { Logger, MetricsRegistry } from "#foundation/telemetry";
import { FINDING_KINDS, findStuck } from "./findings.ts";

export interface FindingsWatch {
  /** Looks now; the timer does it every half minute. */
  look(): Promise<void>;
  close(): void;
}

/** A look costs a walk over all instances: milliseconds for 100,000. What it finds has lasted for minutes. */
const LOOK_MS = 30_000;

/** Keeps `biplane_findings{kind}` and `biplane_nodes{health}`, and logs each finding once when it appears. */
export function watchFindings(options: {
  readonly core: { readonly views: CatalogReader; quarantined(): Promise<readonly QuarantinedEvent[]> };
  readonly clock: Clock;
  readonly timers: Timers;
  readonly metrics: MetricsRegistry;
  readonly logger: Logger;
}): FindingsWatch {
  const { core, clock, timers, metrics, logger } = options;
  const gauge = metrics.gauge({
    name: "biplane_findings",
    help: "What is stuck and does not pass by itself, by kind; see: biplane admin stuck.",
    labels: ["kind"],
  });
  for (const kind of FINDING_KINDS) gauge.labels(kind).set(0);
  const nodes = metrics.gauge({ name: "biplane_nodes", help: "Nodes by their health.", labels: ["health"] });
  metrics.onCollect(() => {
    const counts = { online: 0, degraded: 0, offline: 0 };
    for (const { health } of core.views.records("node")) counts[health]++;
    for (const [health, count] of Object.entries(counts)) nodes.labels(health).set(count);
  });
  let known = new Set<string>();
  const look = async (): Promise<void> => {
    const found = findStuck(core.views, await core.quarantined(), clock.now());
    const counts = new Map<string, number>(FINDING_KINDS.map((kind) => [kind, 0]));
    for (const { id, kind, explanation } of found) {
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
      if (!known.has(id)) logger.warn("stuck", { finding: id, explanation });
    }
    known = new Set(found.map(({ id }) => id));
    for (const [kind, count] of counts) gauge.labels(kind).set(count);
  };
  const timer = timers.every(LOOK_MS, () => {
    look().catch((error: unknown) => logger.warn("what is stuck could not be looked for", { error }));
  });
  return { look, close: () => timer.cancel() };
}
