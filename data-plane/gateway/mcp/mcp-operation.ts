/** The endpoint as an operation like any other: limited, counted and logged as they are. */
import type { PlannedOperation } from "#foundation/gateway-artifact";
import type { GatewayMetrics } from "../running/gateway-metrics.ts";
import type { RunningOperation } from "../running/running-operation.ts";
import { McpEndpoint } from "./mcp-endpoint.ts";
import { McpServer, type McpServerOptions } from "./mcp-server.ts";

export const MCP_PATH = "/__biplane/mcp";

const PLANNED: PlannedOperation = {
  id: `POST ${MCP_PATH}`,
  api: 0,
  method: "POST",
  path: MCP_PATH,
  template: { segments: [], parameters: [], structure: "" },
  deprecated: false,
  parameters: [],
  responses: [],
  middlewares: [],
  dispatch: -1,
};

export function mcpOperation(options: McpServerOptions, metrics: GatewayMetrics): RunningOperation {
  return {
    planned: PLANNED,
    parameters: { check: () => [] },
    body: { demand: (_, hasBody) => ({ kind: hasBody ? "stream" : "nothing" }) },
    middlewares: [],
    names: [],
    admissions: 0,
    dispatcher: new McpEndpoint(new McpServer(options)),
    responses: undefined,
    readsBody: true,
    watchesEnd: false,
    answerFields: [],
    metrics: metrics.operation(PLANNED, { file: "", format: "openapi", formatVersion: "", title: "", version: "" }),
  };
}
