/** Gateways with one dispatcher, between real clients and real servers. For tests. */
import { parseTemplate } from "#foundation/api-description";
import {
  type GatewayPlan,
  type JsonObject,
  type PlannedOperation,
  sealGatewayArtifact,
} from "#foundation/gateway-artifact";
import { systemClock, systemRandom, systemTimers } from "#foundation/runtime";
import { type AccessLine, createMetrics, silentLogger } from "#foundation/telemetry";
import { type Gateway, startGateway } from "../../../running/gateway.ts";

export interface TestGateway {
  readonly gateway: Gateway;
  /** Requests that have ended, as the access log has them. */
  readonly ended: readonly AccessLine[];
  /** @param path with a slash at its beginning */
  url(path: string): string;
}

const started: Gateway[] = [];

/** For `afterEach`. */
export async function closeGateways(): Promise<void> {
  for (const gateway of started.splice(0)) await gateway.close(0);
}

/** @param operations such as `GET /things/{id}` */
export async function testGateway(
  dispatcher: string,
  config: JsonObject,
  operations: readonly string[] = ["GET /things/{id}", "POST /things"],
): Promise<TestGateway> {
  const plan: GatewayPlan = {
    version: 1,
    apis: [{ file: "a", format: "openapi", formatVersion: "3.1.0", title: "Things", version: "1" }],
    operations: operations.map(plannedOperation),
    plugins: [{ kind: "dispatcher", name: dispatcher, config }],
    schemas: [],
  };
  const { bytes } = sealGatewayArtifact({ plan, specs: new Map(), provenance: { compiler: "test" } });
  const ended: AccessLine[] = [];
  const gateway = await startGateway(bytes, {
    port: 0,
    secrets: { environment: {} },
    log: silentLogger,
    accessLog: (line) => ended.push(line),
    metrics: createMetrics(),
    runtime: { clock: systemClock, timers: systemTimers, random: systemRandom },
    limits: { maxBodyBytes: 64 * 1024 * 1024 },
  });
  started.push(gateway);
  return { gateway, ended, url: (path) => `http://127.0.0.1:${gateway.port}${path}` };
}

function plannedOperation(id: string): PlannedOperation {
  const [method = "", path = ""] = id.split(" ");
  const parsed = parseTemplate(path);
  if (!("template" in parsed)) throw new Error(parsed.problem);
  return {
    id,
    api: 0,
    method,
    path,
    template: parsed.template,
    deprecated: false,
    parameters: [],
    responses: [],
    middlewares: [],
    dispatch: 0,
  };
}
