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
