/** What operators and orchestrators ask of a gateway, on a port of its own. Nothing can be changed here. */
import { type Server, type ServerExchange, serve } from "#foundation/http1";
import type { MetricsRegistry } from "#foundation/telemetry";
import type { Gateway } from "../running/gateway.ts";

export interface AdminOptions {
  readonly gateway: Gateway;
  readonly metrics: MetricsRegistry;
  /** What is to be told of the link to the control plane of a fleet, as it is. */
  readonly fleet?: () => Readonly<Record<string, unknown>>;
  readonly hostname: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

type AdminAnswer = readonly [status: number, type: string, body: string];

const JSON_TYPE = "application/json";

/** `/health` (all of it), `/health/live`, `/health/ready`, `/metrics`, `/provenance`. @throws the system's error when the address is taken */
export function serveAdmin(options: AdminOptions): Promise<Server> {
  const startedAt = options.now();
  const answers: Readonly<Record<string, () => AdminAnswer>> = {
    "/health": () => health(options, startedAt),
    "/health/live": () => [200, JSON_TYPE, json({ status: "alive" })],
    "/health/ready": () =>
      options.gateway.isReady
        ? [200, JSON_TYPE, json({ status: "ready" })]
        : [503, JSON_TYPE, json({ status: stateOf(options.gateway) })],
    "/metrics": () => [200, "text/plain; version=0.0.4; charset=utf-8", options.metrics.expose()],
    "/provenance": () => [200, JSON_TYPE, json(provenance(options))],
  };
  return serve({
    hostname: options.hostname,
    port: options.port,
    onExchange: (exchange) => answer(exchange, answers),
  });
}

const json = (value: unknown): string => `${JSON.stringify(value)}\n`;

function answer(exchange: ServerExchange, answers: Readonly<Record<string, () => AdminAnswer>>): void {
  const { method, target } = exchange.head;
  const path = target.split("?", 1)[0]!;
  const make = Object.hasOwn(answers, path) ? answers[path] : undefined;
  if (make === undefined) {
    const members = { title: "Not found", status: 404, detail: `There are ${Object.keys(answers).join(", ")}.` };
    exchange.answer({ status: 404, fields: ["Content-Type", "application/problem+json"] }, json(members));
  } else if (method !== "GET" && method !== "HEAD") {
    const members = { title: "Method not allowed", status: 405 };
    const fields = ["Content-Type", "application/problem+json", "Allow", "GET, HEAD"];
    exchange.answer({ status: 405, fields }, json(members));
  } else {
    const [status, type, body] = make();
    exchange.answer({ status, fields: ["Content-Type", type, "Cache-Control", "no-store"] }, body);
  }
}

/** `waiting`: for the first artifact. */
function stateOf({ isReady, artifact }: Gateway): "healthy" | "waiting" | "draining" {
  if (isReady) return "healthy";
  return artifact === undefined ? "waiting" : "draining";
}

function health({ gateway, fleet, now }: AdminOptions, startedAt: number): AdminAnswer {
  const { artifact, lastRefusal, isReady } = gateway;
  return [
    isReady ? 200 : 503,
    JSON_TYPE,
    json({
      status: stateOf(gateway),
      artifact: artifact?.digest,
      compiler: artifact?.provenance.compiler,
      operations: artifact?.plan.operations.length,
      uptime_secs: Math.floor((now() - startedAt) / 1000),
      // It serves what it served before; somebody should know nevertheless.
      ...(lastRefusal === undefined
        ? {}
        : { last_refused: { reason: lastRefusal.reason, at: new Date(lastRefusal.at).toISOString() } }),
      ...(fleet === undefined ? {} : { fleet: fleet() }),
    }),
  ];
}

function provenance({ gateway }: AdminOptions): unknown {
  const { artifact } = gateway;
  if (artifact === undefined) return {};
  const { plan, digest, signedBy, provenance: from } = artifact;
  return {
    digest,
    signed_by: signedBy,
    provenance: from,
    apis: plan.apis.map(({ file, format, formatVersion, title, version }) => ({
      file,
      type: format,
      format_version: formatVersion,
      title,
      version,
    })),
    plugins: [...new Set(plan.plugins.map(({ name }) => name))].sort(),
  };
}
