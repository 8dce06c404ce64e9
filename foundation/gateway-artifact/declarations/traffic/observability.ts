import type { MiddlewareDeclaration } from "../../plugin-declaration.ts";

export const OBSERVABILITY: MiddlewareDeclaration = {
  kind: "middleware",
  name: "observability",
  phase: "admission",
  summary: "Counts and logs requests that take too long, and whatever else is asked for.",
  config: {
    type: "object",
    additionalProperties: false,
    properties: {
      latency_slo_ms: {
        description: "Requests that take longer are counted and logged. Without it, none are.",
        type: "integer",
        minimum: 1,
      },
      detailed_request_logs: { description: "A line for each request.", type: "boolean", default: false },
      detailed_response_logs: { description: "A line for each response.", type: "boolean", default: false },
      emit_latency_histogram: { description: "A histogram for each operation.", type: "boolean", default: false },
    },
  },
};
