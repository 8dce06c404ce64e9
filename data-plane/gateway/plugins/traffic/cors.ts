/**
 * Cross-origin requests of browsers (WHATWG Fetch §3.3 "CORS protocol"). Says what pages may read; it keeps nobody else out.
 *
 * Put first, so that also refusals of what follows can be read by the page. What upstreams say about it is replaced.
 */
import type { Answer } from "../../message/answer.ts";
import type { GatewayExchange } from "../../message/gateway-exchange.ts";
import { HeaderFields } from "../../message/header-fields.ts";
import { problem } from "../../problems.ts";
import type { Middleware, MiddlewarePlugin } from "../plugin.ts";
import { addVary } from "./vary.ts";

interface CorsConfig {
  readonly allowed_origins: readonly string[];
  readonly allowed_methods: readonly string[];
  readonly allowed_headers: readonly string[];
  readonly expose_headers: readonly string[];
  readonly max_age: number;
  readonly allow_credentials: boolean;
}

const ALLOW_ORIGIN = "access-control-allow-origin";
const ALLOW_CREDENTIALS = "access-control-allow-credentials";
const EXPOSE_HEADERS = "access-control-expose-headers";
/** What is answered as the allowed origin: the request's field may be changed on its way. */
const ORIGIN_KEY = "cors.allow-origin";

export const CORS: MiddlewarePlugin = {
  name: "cors",
  setup: (config) => cors(config as unknown as CorsConfig),
};

function cors(config: CorsConfig): Middleware {
  const isAllowed = originTest(config.allowed_origins);
  const isAny = config.allowed_origins.includes("*");
  const exposed = config.expose_headers.join(", ");
  return {
    onRequest(exchange) {
      const origin = exchange.request.headers.get("origin");
      if (origin === undefined) return undefined;
      if (isAllowed(origin)) exchange.context.set(ORIGIN_KEY, isAny ? "*" : origin);
      return isPreflight(exchange) ? answerPreflight(exchange, config) : undefined;
    },
    onResponse({ context }, { headers }) {
      headers.deleteWhere((name) => name === ALLOW_ORIGIN || name === ALLOW_CREDENTIALS || name === EXPOSE_HEADERS);
      // The same for everybody: caches need not tell origins apart.
      if (!isAny) addVary(headers, "Origin");
      const origin = context.get(ORIGIN_KEY);
      if (origin === undefined) return;
      headers.append("Access-Control-Allow-Origin", origin);
      if (config.allow_credentials) headers.append("Access-Control-Allow-Credentials", "true");
      if (exposed !== "") headers.append("Access-Control-Expose-Headers", exposed);
    },
  };
}

/** Fetch §4.8: an OPTIONS request with both fields; another OPTIONS request is one like any. */
function isPreflight({ request }: GatewayExchange): boolean {
  return (
    request.method === "OPTIONS" &&
    request.headers.has("origin") &&
    request.headers.has("access-control-request-method")
  );
}

function answerPreflight({ request, context }: GatewayExchange, config: CorsConfig): Answer {
  if (!context.has(ORIGIN_KEY)) return refusal("The origin is not allowed.");
  const method = request.headers.get("access-control-request-method")!;
  if (!config.allowed_methods.includes(method) && !config.allowed_methods.includes("*")) {
    return refusal("The method is not allowed to pages of other origins.");
  }
  const asked = namesIn(request.headers.get("access-control-request-headers") ?? "");
  const allowed = new Set(config.allowed_headers.map((name) => name.toLowerCase()));
  // `*` never means Authorization (Fetch, "CORS non-wildcard request-header name").
  const refused = asked.find((name) => !allowed.has(name) && (!allowed.has("*") || name === "authorization"));
  if (refused !== undefined) return refusal("A header field is not allowed to pages of other origins.");
  const headers = HeaderFields.of([
    "Access-Control-Allow-Methods",
    config.allowed_methods.join(", "),
    "Access-Control-Max-Age",
    String(config.max_age),
  ]);
  if (config.allowed_headers.length > 0) {
    headers.append("Access-Control-Allow-Headers", config.allowed_headers.join(", "));
  }
  addVary(headers, "Access-Control-Request-Method, Access-Control-Request-Headers");
  return { status: 204, headers, body: null };
}

function refusal(detail: string): Answer {
  return problem("cors-not-allowed", { detail });
}

function namesIn(list: string): string[] {
  return list
    .toLowerCase()
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

type OriginTest = (origin: string) => boolean;

function originTest(allowed: readonly string[]): OriginTest {
  if (allowed.includes("*")) return () => true;
  const exact = new Set(allowed.filter((one) => !one.includes("*")));
  const below = allowed.filter((one) => one.includes("*")).map((one) => one.split("*") as [string, string]);
  return (origin) =>
    exact.has(origin) ||
    below.some(([scheme, domain]) => {
      // `https://*.example.com` is every host below it, and not the domain itself.
      if (!origin.startsWith(scheme) || !origin.endsWith(domain)) return false;
      return isHostLabels(origin.slice(scheme.length, -domain.length));
    });
}

/** Without it `https://evil.test/.example.com`, which no browser sends, would do. */
function isHostLabels(text: string): boolean {
  return /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/.test(text);
}
