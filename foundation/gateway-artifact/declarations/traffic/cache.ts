import type { JsonObject } from "../../plan.ts";
import type { ConfigProblem, MiddlewareDeclaration } from "../../plugin-declaration.ts";
import { FIELD_NAME } from "./shapes.ts";
import { storeShape } from "./store-shape.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
/** Others wait while it is sent. */
const STORE_ENTRY_MAX_BYTES = 16 * MIB;

export const CACHE: MiddlewareDeclaration = {
  kind: "middleware",
  name: "cache",
  phase: "transformation",
  summary: "Keeps responses in memory and answers with them, as a shared cache of HTTP does (RFC 9111).",
  config: {
    type: "object",
    additionalProperties: false,
    properties: {
      ttl: {
        description:
          "Seconds for which a response is used whose origin says nothing about it (`Cache-Control`, `Expires`). Requests with a cookie are given none of these, unless they vary by it.",
        type: "integer",
        minimum: 1,
        maximum: 86_400,
        default: 300,
      },
      vary: {
        description: "Request fields by which responses are told apart, besides those in the response's `Vary`.",
        type: "array",
        items: FIELD_NAME,
        default: [],
      },
      methods: { type: "array", items: { enum: ["GET", "HEAD"] }, default: ["GET", "HEAD"] },
      cacheable_status: {
        type: "array",
        // Parts of a response, and answers to conditions, are none of their own.
        items: { type: "integer", minimum: 200, maximum: 599, not: { enum: [206, 304] } },
        default: [200, 301, 404],
      },
      max_bytes: {
        description:
          "Memory for all responses. Those not used for longest make room. Uses with the same number share it.",
        type: "integer",
        minimum: 64 * KIB,
        maximum: 64 * 1024 * MIB,
        default: 64 * MIB,
      },
      max_entry_bytes: {
        description: "Longer bodies are passed on and not kept.",
        type: "integer",
        minimum: 1,
        maximum: 1024 * MIB,
        default: MIB,
      },
      store: storeShape(
        "Where several gateways keep their responses together, `max_bytes` of them: a server that speaks RESP and runs scripts (Redis 5 or later, Valkey). Whoever may write there decides what is answered. While it is " +
          "away each gateway keeps for itself.",
        "What the names in it begin with. Gateways that serve different things need different ones: a response is found by its address alone.",
        true,
      ),
    },
  },
  urls: ["url"],
  check: tooLargeEntries,
};

function tooLargeEntries(config: JsonObject): readonly ConfigProblem[] {
  const { max_bytes: all = 64 * MIB, max_entry_bytes: entry = MIB } = config as {
    max_bytes?: number;
    max_entry_bytes?: number;
  };
  if (config.store !== undefined && entry > STORE_ENTRY_MAX_BYTES) {
    return [{ pointer: "/max_entry_bytes", message: `With a store it may not be more than ${STORE_ENTRY_MAX_BYTES}.` }];
  }
  return entry <= all ? [] : [{ pointer: "/max_entry_bytes", message: `It may not be more than max_bytes (${all}).` }];
}
