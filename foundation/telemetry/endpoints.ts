/** Answers for the paths that operators and orchestrators ask. The shapes fit an HTTP response; no server is named here. */

import type { HealthKind, HealthRegistry } from "./health.ts";
import type { MetricsRegistry } from "./metric-types.ts";

/** Fits the response type of `#foundation/http`. */
export interface TextAnswer {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}

/** 200 when all checks pass, otherwise 503; the body names each check and its reason. */
export async function healthAnswer(health: HealthRegistry, kind: HealthKind): Promise<TextAnswer> {
  const report = await health.report(kind);
  return {
    status: report.ok ? 200 : 503,
    headers: [
      ["content-type", "application/json"],
      ["cache-control", "no-store"],
    ],
    body: `${JSON.stringify({ status: report.ok ? "ok" : "failing", checks: report.checks })}\n`,
  };
}

/** The metrics in Prometheus text exposition format 0.0.4. */
export function metricsAnswer(registry: MetricsRegistry): TextAnswer {
  return {
    status: 200,
    headers: [["content-type", "text/plain; version=0.0.4; charset=utf-8"]],
    body: registry.expose(),
  };
}
