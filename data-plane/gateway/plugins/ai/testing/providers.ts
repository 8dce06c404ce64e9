/** Providers that behave like the real ones octet by octet, and gateways in front of them. For tests. */
import { parseTemplate } from "#foundation/api-description";
import {
  type GatewayPlan,
  type JsonObject,
  PLUGIN_DECLARATIONS,
  sealGatewayArtifact,
} from "#foundation/gateway-artifact";
import { type Server, type ServerExchange, serve } from "#foundation/http1";
import { systemClock, systemRandom, systemTimers } from "#foundation/runtime";
import { type AccessLine, createMetrics, type MetricsRegistry, silentLogger } from "#foundation/telemetry";
import { type Gateway, startGateway } from "../../../running/gateway.ts";
import { configProblems } from "../../../testing/index.ts";

export interface AskedOfProvider {
  readonly target: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly body: Record<string, unknown>;
}

export interface TestProvider {
  readonly url: string;
  readonly asked: readonly AskedOfProvider[];
}

export type Reply = (exchange: ServerExchange, asked: AskedOfProvider) => void | Promise<void>;

const started: (() => Promise<unknown>)[] = [];

/** For `afterEach`. */
export async function closeAll(): Promise<void> {
  for (const close of started.splice(0).reverse()) await close();
}

/** @param replies one for each request, the last one again and again */
export async function testProvider(...replies: readonly Reply[]): Promise<TestProvider> {
  const asked: AskedOfProvider[] = [];
  const server: Server = await serve({
    port: 0,
    async onExchange(exchange) {
      const { head } = exchange;
      const raw = head.fields.toRaw();
      const fields: Record<string, string> = {};
      for (let at = 0; at < raw.length; at += 2) fields[raw[at]!.toLowerCase()] = raw[at + 1]!;
      const { target } = head;
      const text = (await exchange.body.bytes(1 << 20)).toString();
      const body = (text === "" ? {} : JSON.parse(text)) as Record<string, unknown>;
      const one = { target, fields, body };
      asked.push(one);
      await replies[Math.min(asked.length, replies.length) - 1]!(exchange, one);
    },
  });
  started.push(() => server.close(0));
  return { url: `http://127.0.0.1:${server.port}`, asked };
}

/** A reply that is whole. */
export const json =
  (document: unknown, status = 200, fields: readonly string[] = []): Reply =>
  (exchange) =>
    exchange.answer({ status, fields: ["Content-Type", "application/json", ...fields] }, JSON.stringify(document));

/** A reply that is a stream, in pieces of so many octets, each sent by itself. */
export const stream =
  (text: string, pieceBytes = 1 << 20): Reply =>
  async (exchange) => {
    exchange.begin({ status: 200, fields: ["Content-Type", "text/event-stream; charset=utf-8"] }, undefined);
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length && !exchange.isOver; at += pieceBytes) {
      exchange.write(bytes.subarray(at, at + pieceBytes));
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    exchange.end();
  };

/** A reply whose lines are sent one by one, each when the last one was waited for. */
export const lines =
  (documents: readonly unknown[], beforeEach: (index: number) => Promise<void> = async () => undefined): Reply =>
  async (exchange) => {
    exchange.begin({ status: 200, fields: ["Content-Type", "application/x-ndjson"] }, undefined);
    for (const [index, document] of documents.entries()) {
      await beforeEach(index);
      if (exchange.isOver) return;
      exchange.write(Buffer.from(`${JSON.stringify(document)}\n`));
    }
    exchange.end();
  };

/** Anthropic's way to write an event. */
export const named = (event: { readonly type: string }): string =>
  `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;

/** OpenAI's. */
export const unnamed = (chunk: unknown): string =>
  `data: ${typeof chunk === "string" ? chunk : JSON.stringify(chunk)}\n\n`;

export interface TestUse {
  readonly name: string;
  readonly config: JsonObject;
}

export interface ChatGateway {
  readonly gateway: Gateway;
  readonly url: string;
  readonly ended: readonly AccessLine[];
  readonly metrics: MetricsRegistry;
  ask(body: unknown, init?: RequestInit): Promise<Response>;
}

const OPERATIONS = [
  ["POST", "/v1/chat/completions"],
  ["POST", "/v1/responses"],
  ["GET", "/v1/models"],
  ["GET", "/v1/models/{model}"],
] as const;

function templateOf(path: string): GatewayPlan["operations"][number]["template"] {
  const parsed = parseTemplate(path);
  if (!("template" in parsed)) throw new Error(parsed.problem);
  return parsed.template;
}

/** OpenAI's API, through middlewares to `ai-proxy`. */
export async function chatGateway(proxy: JsonObject, middlewares: readonly TestUse[] = []): Promise<ChatGateway> {
  const plan: GatewayPlan = {
    version: 1,
    apis: [{ file: "a", format: "openapi", formatVersion: "3.1.0", title: "Chat", version: "1" }],
    operations: OPERATIONS.map(([method, path]) => ({
      id: path,
      api: 0,
      method,
      path,
      template: templateOf(path),
      deprecated: false,
      parameters: [],
      responses: [],
      middlewares: middlewares.map((_, index) => index + 1),
      dispatch: 0,
    })),
    plugins: [
      { kind: "dispatcher", name: "ai-proxy", config: compiled("ai-proxy", proxy) },
      ...middlewares.map(({ name, config }) => ({ kind: "middleware" as const, name, config: compiled(name, config) })),
    ],
    schemas: [],
  };
  const { bytes } = sealGatewayArtifact({ plan, specs: new Map(), provenance: { compiler: "test" } });
  const ended: AccessLine[] = [];
  const metrics = createMetrics();
  const gateway = await startGateway(bytes, {
    port: 0,
    secrets: { environment: { PROVIDER_KEY: "sk-provider" } },
    log: silentLogger,
    accessLog: (line) => ended.push(line),
    metrics,
    runtime: { clock: systemClock, timers: systemTimers, random: systemRandom },
  });
  started.push(() => gateway.close(0));
  const url = `http://127.0.0.1:${gateway.port}/v1`;
  const ask = (body: unknown, init: RequestInit = {}): Promise<Response> =>
    fetch(`${url}/chat/completions`, {
      method: "POST",
      body: typeof body === "string" ? body : JSON.stringify(body),
      headers: { "content-type": "application/json" },
      ...init,
    });
  return { gateway, url, ended, metrics, ask };
}

/** As the compiler leaves it, with the defaults of all levels. @throws Error when it is not valid */
export function compiled(name: string, config: JsonObject): JsonObject {
  const problems = configProblems(name, config);
  if (problems.length > 0) throw new Error(problems.join("; "));
  return filled(config, PLUGIN_DECLARATIONS.get(name)!.config) as JsonObject;
}

function filled(value: unknown, schema: unknown): unknown {
  if (typeof schema !== "object" || schema === null) return value;
  const {
    properties = {},
    items,
    additionalProperties,
  } = schema as Record<string, Record<string, { default?: unknown }>>;
  if (Array.isArray(value)) return value.map((one) => filled(one, items));
  if (typeof value !== "object" || value === null) return value;
  const whole: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(properties)) if (member.default !== undefined) whole[key] = member.default;
  for (const [key, one] of Object.entries(value)) whole[key] = filled(one, properties[key] ?? additionalProperties);
  return whole;
}

/** Waits for a condition. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise<void>((resolve) => setTimeout(resolve, 2));
}
