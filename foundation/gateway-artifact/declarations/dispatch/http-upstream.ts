import { parseStatusMatcher } from "#foundation/proxy";
import type { JsonObject } from "../../plan.ts";
import type { ConfigProblem, DispatcherDeclaration } from "../../plugin-declaration.ts";
import { CIRCUIT_BREAKER, HEALTH, LOAD_BALANCING, RETRIES } from "./balancing-shapes.ts";
import { notToBeSet } from "./own-fields.ts";
import { CONNECT_TIMEOUT, PATH_TEMPLATE, SECONDS, SERVER_URL, TLS } from "./shapes.ts";

export const HTTP_UPSTREAM: DispatcherDeclaration = {
  name: "http-upstream",
  kind: "dispatcher",
  summary: "Passes requests on to another HTTP server, bodies as they come",
  urls: ["url"],
  config: {
    type: "object",
    additionalProperties: false,
    oneOf: [{ required: ["url"] }, { required: ["urls"] }],
    properties: {
      url: {
        ...SERVER_URL,
        description: "Address of the server; a path in it stands before the path of the request.",
      },
      urls: {
        type: "array",
        minItems: 1,
        maxItems: 256,
        description: "Several servers, in the place of `url`.",
        items: {
          type: "object",
          additionalProperties: false,
          required: ["url"],
          properties: {
            url: SERVER_URL,
            weight: {
              type: "integer",
              minimum: 0,
              maximum: 1000,
              default: 1,
              description: "Share of the requests, relative to the others; 0 takes none.",
            },
          },
        },
      },
      path: PATH_TEMPLATE,
      http_version: {
        enum: ["1.1", "2", "auto"],
        default: "1.1",
        description:
          "HTTP that is spoken to the servers: `2` also without TLS, to servers that are known to speak it; `auto` is what a server chooses in TLS.",
      },
      timeout: { ...SECONDS, default: 30, description: "Seconds from the sent request to the head of the response." },
      connect_timeout: CONNECT_TIMEOUT,
      idle_timeout: { ...SECONDS, default: 60, description: "Seconds between two pieces of the response." },
      load_balancing: LOAD_BALANCING,
      retries: RETRIES,
      health: HEALTH,
      circuit_breaker: CIRCUIT_BREAKER,
      preserve_host: { type: "boolean", default: false, description: "Whether the client's Host is passed on." },
      headers: {
        type: "object",
        additionalProperties: { type: "string", pattern: "^[^\\r\\n\\u0000]*$" },
        description: "Fields of every request, in the place of those of the same name.",
      },
      tls: TLS,
    },
  },
  check: (config) => [
    ...sameTwice(config),
    ...nobodyTakesAny(config),
    ...noStatuses(config),
    ...nobodySaysVersion(config),
    ...notAsked(config),
    ...notToBeSet(config.headers),
  ],
};

const urlsOf = ({ urls }: JsonObject) => (urls ?? []) as readonly { readonly url: string; readonly weight?: number }[];

function sameTwice(config: JsonObject): readonly ConfigProblem[] {
  const seen = new Set<string>();
  return urlsOf(config).flatMap(({ url }, index) => {
    if (!seen.has(url)) {
      seen.add(url);
      return [];
    }
    return [{ pointer: `/urls/${index}/url`, message: `${url} is there twice; give it a weight.` }];
  });
}

function nobodyTakesAny(config: JsonObject): readonly ConfigProblem[] {
  const urls = urlsOf(config);
  if (urls.length === 0 || urls.some(({ weight = 1 }) => weight > 0)) return [];
  return [{ pointer: "/urls", message: "All of them have weight 0, so that nobody takes a request." }];
}

const isPlain = (config: JsonObject): boolean =>
  [config.url, ...urlsOf(config).map(({ url }) => url)].some((url) => String(url).startsWith("http://"));

/** Servers choose in the handshake of TLS. */
function nobodySaysVersion(config: JsonObject): readonly ConfigProblem[] {
  if (config.http_version !== "auto" || !isPlain(config)) return [];
  const message =
    "Without TLS no server says which version it speaks: it is 1.1, or 2 where the server is known to speak it.";
  return [{ pointer: "/http_version", message }];
}

/** Health is asked for over HTTP/1.1. */
function notAsked(config: JsonObject): readonly ConfigProblem[] {
  const { active } = (config.health ?? {}) as { readonly active?: unknown };
  if (config.http_version !== "2" || active === undefined || !isPlain(config)) return [];
  const message =
    "Servers without TLS are asked over HTTP/1.1, which one of HTTP/2 need not speak; `passive` is possible.";
  return [{ pointer: "/health/active", message }];
}

/** Ranges that end before they begin: the pattern lets them pass. */
function noStatuses(config: JsonObject): readonly ConfigProblem[] {
  const { active } = (config.health ?? {}) as { readonly active?: { readonly statuses?: string } };
  if (active?.statuses === undefined) return [];
  try {
    parseStatusMatcher(active.statuses);
    return [];
  } catch (error) {
    return [{ pointer: "/health/active/statuses", message: error instanceof Error ? error.message : String(error) }];
  }
}
