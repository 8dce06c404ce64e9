/** Routes for operators and for whatever watches the process. */
import { json } from "#foundation/http";
import { healthAnswer, metricsAnswer } from "#foundation/telemetry";
import { presentedDataPlane } from "./presented.ts";
import type { Route } from "./route.ts";
import { schemaRef } from "./schemas.ts";

const HEALTH = {
  status: 200,
  contentType: "application/json",
  schema: schemaRef("Health"),
  description: "All checks pass; 503 with the same shape when one fails.",
} as const;

export const OPERATOR_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/healthz",
    operationId: "liveness",
    summary: "Whether the process should be left running.",
    scope: "public",
    answer: HEALTH,
    handle: (_call, { health }) => healthAnswer(health, "liveness"),
  },
  {
    method: "GET",
    path: "/readyz",
    operationId: "readiness",
    summary: "Whether the process should get traffic.",
    scope: "public",
    answer: HEALTH,
    handle: (_call, { health }) => healthAnswer(health, "readiness"),
  },
  {
    method: "GET",
    path: "/metrics",
    operationId: "metrics",
    summary: "Metrics in Prometheus' text format. Without a token only from this machine.",
    scope: "metrics",
    answer: { status: 200, contentType: "text/plain", schema: { type: "string" }, description: "Text format 0.0.4." },
    handle: (_call, { metrics }) => metricsAnswer(metrics),
  },
  {
    method: "GET",
    path: "/v1/status",
    operationId: "status",
    summary: "The control plane and the data planes that are connected to it.",
    scope: "cloud:admin",
    answer: { status: 200, contentType: "application/json", schema: schemaRef("Status"), description: "As of now." },
    handle(_call, { core, registry, version, startedAt, clock }) {
      const { controlPlaneId, head, views } = core;
      return json({
        version,
        controlPlaneId,
        head,
        startedAt,
        now: clock.now(),
        counts: {
          accounts: views.count("account"),
          users: views.count("user"),
          accessKeys: views.count("accessKey"),
          buckets: views.count("bucket"),
          queues: views.count("queue"),
          tables: views.count("table"),
        },
        dataPlanes: registry.list().map((plane) => presentedDataPlane(plane, head)),
      });
    },
  },
];
