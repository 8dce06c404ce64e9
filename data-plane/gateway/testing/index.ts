/** Exchanges and a host for tests of plugins. */
import type { JsonObject } from "#foundation/gateway-artifact";
import { PLUGIN_DECLARATIONS } from "#foundation/gateway-artifact";
import { ClientPool } from "#foundation/http1";
import { http2Client } from "#foundation/http2";
import { createValidator } from "#foundation/json-schema";
import { createVirtualTime, randomUuid, systemRandom, type VirtualTime } from "#foundation/runtime";
import { createMetrics, silentLogger } from "#foundation/telemetry";
import type { Answer } from "../message/answer.ts";
import type { GatewayExchange } from "../message/gateway-exchange.ts";
import { HeaderFields } from "../message/header-fields.ts";
import { WholeBody } from "../message/whole-body.ts";
import type { PluginHost } from "../plugins/plugin.ts";

export interface TestRequest {
  readonly method?: string;
  /** With query. */
  readonly target?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly clientAddress?: string;
  readonly pathParameters?: Readonly<Record<string, string>>;
  readonly identity?: GatewayExchange["identity"];
  readonly context?: Readonly<Record<string, string>>;
}

/** An exchange as a plugin sees it, with the whole body. */
export function testExchange(request: TestRequest = {}): GatewayExchange {
  const { method = "GET", target = "/" } = request;
  const [path = "/", query = ""] = target.split(/\?(.*)/s);
  const { body = "" } = request;
  return {
    operation: {
      id: `${method} ${path}`,
      api: 0,
      method,
      path,
      template: { segments: [], parameters: [], structure: "" },
      deprecated: false,
      parameters: [],
      responses: [],
      middlewares: [],
      dispatch: 0,
    },
    requestId: "test-request",
    trace: { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", sampled: false },
    identity: request.identity,
    context: new Map(Object.entries(request.context ?? {})),
    notes: [],
    signal: new AbortController().signal,
    whenGone() {},
    request: {
      method,
      path,
      query,
      headers: HeaderFields.of(Object.entries(request.headers ?? {}).flat()),
      pathParameters: request.pathParameters ?? {},
      clientAddress: request.clientAddress ?? "203.0.113.7",
      secure: false,
      host: "gateway.test",
      body: new WholeBody(typeof body === "string" ? Buffer.from(body) : body),
    },
  };
}

/** A host with virtual time. Connections are real. */
export function testHost(time: VirtualTime = createVirtualTime(0)): PluginHost & { readonly time: VirtualTime } {
  const kept = new Map<string, unknown>();
  return {
    time,
    clock: time.clock,
    timers: time.timers,
    random: systemRandom,
    newUuid: () => randomUuid(systemRandom),
    log: silentLogger,
    metrics: createMetrics(),
    pool: new ClientPool({ http2: http2Client() }),
    keep<Kept>(kind: string, key: string, create: () => Kept): Kept {
      const id = `${kind} ${key}`;
      if (!kept.has(id)) kept.set(id, create());
      return kept.get(id) as Kept;
    },
  };
}

/** What the compiler says of a configuration: its faults by the declared schema, and those that the declaration finds itself. */
export function configProblems(plugin: string, config: JsonObject): readonly string[] {
  const declaration = PLUGIN_DECLARATIONS.get(plugin);
  if (declaration === undefined) throw new Error(`no plugin is named ${plugin}`);
  const faults = createValidator(declaration.config as never, { assertFormat: true }).errors(config as never);
  if (faults.length > 0) return faults.map(({ instancePath, message }) => `${instancePath} ${message}`);
  return (declaration.check?.(config) ?? []).map(({ pointer, message }) => `${pointer} ${message}`);
}

/** The body of an answer that is whole, as text. */
export function textOf(answer: Answer | undefined): string {
  if (answer === undefined) throw new Error("there is no answer");
  if (answer.body === null) return "";
  if (!(answer.body instanceof Uint8Array)) throw new Error("the answer is not whole");
  return Buffer.from(answer.body).toString();
}
