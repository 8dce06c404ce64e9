/** Limits, caching, headers and bodies on their way, what is told about requests. */
import type { MiddlewarePlugin } from "../plugin.ts";
import { CACHE } from "./cache/cache.ts";
import { CORRELATION_ID } from "./correlation-id.ts";
import { CORS } from "./cors.ts";
import { HTTP_LOG } from "./http-log/http-log.ts";
import { OBSERVABILITY } from "./observability.ts";
import { RATE_LIMIT } from "./rate-limit.ts";
import { REDIRECT } from "./redirect.ts";
import { REQUEST_SIZE_LIMIT } from "./request-size-limit.ts";
import { REQUEST_TRANSFORMER } from "./request-transformer.ts";
import { RESPONSE_TRANSFORMER } from "./response-transformer.ts";

export const TRAFFIC_PLUGINS: readonly MiddlewarePlugin[] = [
  CORS,
  CORRELATION_ID,
  REQUEST_SIZE_LIMIT,
  REDIRECT,
  RATE_LIMIT,
  CACHE,
  REQUEST_TRANSFORMER,
  RESPONSE_TRANSFORMER,
  HTTP_LOG,
  OBSERVABILITY,
];
