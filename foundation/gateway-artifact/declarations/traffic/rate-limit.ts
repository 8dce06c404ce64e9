import { isIP } from "node:net";
import type { ConfigProblem, MiddlewareDeclaration } from "../../plugin-declaration.ts";
import { storeShape } from "./store-shape.ts";

/** Kinds of partitions, or a word: then all requests are one partition. */
const PARTITION = "^(client_ip|identity|header:[!#$%&'*+.^_`|~0-9A-Za-z-]+|context:[A-Za-z0-9_.-]+|[A-Za-z0-9_.-]+)$";
/** Ten days. */
const WINDOW_MAX_S = 864_000;

export const RATE_LIMIT: MiddlewareDeclaration = {
  kind: "middleware",
  name: "rate-limit",
  phase: "admission",
  summary: "Allows so many requests in any window of time, of each client, consumer or whatever else.",
  config: {
    type: "object",
    additionalProperties: false,
    required: ["quota", "window"],
    properties: {
      quota: { description: "Requests.", type: "integer", minimum: 1, maximum: 1_000_000_000 },
      window: { description: "Seconds.", type: "integer", minimum: 1, maximum: WINDOW_MAX_S },
      policy_name: {
        description: "Uses with the same name, quota and window count together, also over reloads.",
        type: "string",
        pattern: "^[A-Za-z0-9_.:/-]{1,64}$",
        default: "default",
      },
      partition_key: {
        description:
          "Who is counted apart: `client_ip` (IPv6: its network of 64 bits), `identity` (whom an earlier middleware has verified), `header:<name>`, `context:<key>`; any other word: all " +
          "together. Where there is no such thing, the address counts.",
        type: "string",
        pattern: PARTITION,
        maxLength: 256,
        default: "client_ip",
      },
      scope: {
        description: "Whether requests to all operations with this policy are counted together, or to each by itself.",
        enum: ["policy", "operation"],
        default: "policy",
      },
      trusted_proxies: {
        description:
          "Addresses and ranges (CIDR) whose `X-Forwarded-For` is believed, besides those that the gateway trusts.",
        type: "array",
        items: { type: "string" },
        default: [],
      },
      fail_open: {
        description:
          "What happens to partitions that cannot be counted apart any more because there are too many (100,000): they share one quota, or (`true`) are not counted. And to requests while a " +
          "`store` is away: they are refused with 503, or (`true`) counted by each gateway for itself.",
        type: "boolean",
        default: false,
      },
      store: storeShape(
        "Where all gateways with this policy count together: a server that speaks RESP and runs scripts (Redis 5 or later, Valkey).",
        "What the names of counts begin with there.",
      ),
    },
  },
  urls: ["url"],
  check: (config) =>
    ((config.trusted_proxies ?? []) as readonly string[]).flatMap((range, index) =>
      isRange(range) ? [] : [noRange(index)],
    ),
};

function noRange(index: number): ConfigProblem {
  return { pointer: `/trusted_proxies/${index}`, message: "It is neither an address nor a range such as 10.0.0.0/8." };
}

function isRange(text: string): boolean {
  const [address = "", bits = "0", more] = text.split("/");
  const width = isIP(address) === 6 ? 128 : 32;
  return isIP(address) !== 0 && more === undefined && /^\d{1,3}$/.test(bits) && Number(bits) <= width;
}
