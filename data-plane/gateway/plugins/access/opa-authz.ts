/** `opa-authz`: whether a request may come in is asked of an Open Policy Agent, by its Data API (`POST /v1/data/…`). Without a clear answer nobody comes in. */
import type { JsonObject } from "#foundation/gateway-artifact";
import type { Answer } from "../../message/answer.ts";
import type { GatewayExchange } from "../../message/gateway-exchange.ts";
import { problem } from "../../problems.ts";
import type { Middleware, MiddlewarePlugin, PluginHost } from "../plugin.ts";
import { JsonServer } from "./json-server.ts";
import { rareWarning } from "./rare-warning.ts";

interface OpaConfig {
  readonly opa_url: string;
  readonly timeout: number;
  readonly include_claims: boolean;
  readonly deny_message?: string;
}

const SECOND = 1000;
/** An agent writes down what it decides about; these would be good for whoever reads it. */
const NOT_TOLD: ReadonlySet<string> = new Set(["authorization", "proxy-authorization", "cookie"]);

export const opaAuthz: MiddlewarePlugin = {
  name: "opa-authz",
  setup(given: JsonObject, host: PluginHost): Middleware {
    const { opa_url, timeout, include_claims, deny_message } = given as unknown as OpaConfig;
    const agent = new JsonServer(opa_url, host.pool, {
      method: "POST",
      fields: ["Content-Type", "application/json"],
      timeoutMs: timeout * SECOND,
    });
    const warn = rareWarning(host, "a policy agent cannot be asked");
    return {
      async onRequest(exchange): Promise<Answer | undefined> {
        const question = Buffer.from(JSON.stringify({ input: inputOf(exchange, include_claims) }));
        let said: unknown;
        try {
          said = await agent.ask(question, exchange.signal);
        } catch (error) {
          if (!exchange.signal.aborted) warn(error);
          return problem("authorization-unavailable");
        }
        if (allows(said)) return undefined;
        return problem("opa-denied", { detail: deny_message ?? "A policy does not allow this." });
      },
    };
  },
};

function inputOf({ operation, request, identity }: GatewayExchange, withClaims: boolean): object {
  return {
    operation: operation.id,
    method: request.method,
    path: request.path,
    query: request.query,
    headers: headersOf(request.headers),
    path_params: request.pathParameters,
    client_ip: request.clientAddress,
    consumer: identity?.consumer ?? null,
    groups: identity?.groups ?? [],
    scopes: identity?.scopes ?? [],
    ...(withClaims ? { claims: identity?.claims ?? {} } : {}),
  };
}

/** By name in lower case; what is there more than once is joined. */
function headersOf(fields: Iterable<readonly [name: string, value: string]>): Readonly<Record<string, string>> {
  const headers = new Map<string, string>();
  for (const [name, value] of fields) {
    const lower = name.toLowerCase();
    if (NOT_TOLD.has(lower)) continue;
    const before = headers.get(lower);
    headers.set(lower, before === undefined ? value : `${before}, ${value}`);
  }
  return Object.fromEntries(headers);
}

/** `{"result": true}` or `{"result": {"allow": true}}`; a policy that decides nothing gives no result. */
function allows(said: unknown): boolean {
  const result = memberOf(said, "result");
  return result === true || memberOf(result, "allow") === true;
}

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
