/** How several servers share requests, and what is done about those that fail. */
import { SECONDS } from "./shapes.ts";

const COUNT = { type: "integer", minimum: 1, maximum: 1000 } as const;

export const LOAD_BALANCING = {
  enum: ["round_robin", "least_requests", "random_two", "random"],
  default: "round_robin",
  description:
    "Who of `urls` is next, by weight: in turns, who has least to do, who has less to do of two by chance, or by chance.",
} as const;

export const RETRIES = {
  type: "object",
  additionalProperties: false,
  description:
    "Without it a request is sent once. Sent again is what no server has seen, and requests of idempotent methods (GET, HEAD, OPTIONS, PUT, DELETE, TRACE) whose body is in memory or that have none.",
  properties: {
    attempts: {
      type: "integer",
      minimum: 1,
      maximum: 5,
      default: 1,
      description: "How often a request is sent again at most; to another server where there is one.",
    },
    on: {
      type: "array",
      minItems: 1,
      uniqueItems: true,
      items: { enum: ["connect", "timeout", 502, 503, 504] },
      default: ["connect", 502, 503, 504],
      description:
        "connect: no connection. timeout: no response in time. Statuses are those of responses; 502 is also a connection that ended, or spoke no HTTP, before there was a response.",
    },
    budget: {
      type: "number",
      minimum: 0,
      maximum: 1,
      default: 0.2,
      description: "Retries for each request at most, over time, so that a server that fails is not given more to do.",
    },
  },
} as const;

export const HEALTH = {
  type: "object",
  additionalProperties: false,
  minProperties: 1,
  properties: {
    active: {
      type: "object",
      additionalProperties: false,
      required: ["path"],
      description: "Asks each server again and again. One that is not healthy is sent nothing; when none is, 503.",
      properties: {
        path: {
          type: "string",
          pattern: "^/[!-~]*$",
          description: "What to ask for, with GET, from the root of the server.",
        },
        interval: { ...SECONDS, minimum: 0.1, default: 10, description: "Seconds between checks." },
        timeout: { ...SECONDS, default: 3, description: "Seconds for one of them." },
        healthy: { ...COUNT, default: 2, description: "Checks in a row after which one that was not is healthy." },
        unhealthy: { ...COUNT, default: 3, description: "Failed ones in a row after which it is not." },
        statuses: {
          type: "string",
          pattern: "^\\s*[1-5]\\d\\d(-[1-5]\\d\\d)?\\s*(,\\s*[1-5]\\d\\d(-[1-5]\\d\\d)?\\s*)*$",
          default: "200-299",
          description: "Which mean health, such as 200,204 or 200-299.",
        },
      },
    },
    passive: {
      type: "object",
      additionalProperties: false,
      description:
        "Looks at what becomes of requests: one without a response, or with 502, 503 or 504, has failed. Who fails too often in a row is sent nothing for a while, unless there is no other.",
      properties: {
        failures: { ...COUNT, default: 5, description: "In a row." },
        ejection: { ...SECONDS, default: 30, description: "Seconds at first; each further time as much more." },
        max_ejection: { ...SECONDS, default: 300, description: "Seconds at most." },
      },
    },
  },
} as const;

export const CIRCUIT_BREAKER = {
  type: "object",
  additionalProperties: false,
  description: "Of each server. While it is open nothing is sent there; when it is that of all of them, 503.",
  properties: {
    failures: { ...COUNT, default: 5, description: "Within the window; they count as those of `health.passive`." },
    window: { ...SECONDS, default: 60, description: "Seconds." },
    reset: { ...SECONDS, default: 30, description: "Seconds until one request tries again." },
  },
} as const;
