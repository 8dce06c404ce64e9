/** Limits, caching, headers and bodies on their way, what is told about requests. */
import type { PluginDeclaration } from "../plugin-declaration.ts";
import { CACHE } from "./traffic/cache.ts";
import { CORRELATION_ID } from "./traffic/correlation-id.ts";
import { CORS } from "./traffic/cors.ts";
import { HTTP_LOG } from "./traffic/http-log.ts";
import { OBSERVABILITY } from "./traffic/observability.ts";
import { RATE_LIMIT } from "./traffic/rate-limit.ts";
import { REDIRECT } from "./traffic/redirect.ts";
import { REQUEST_SIZE_LIMIT } from "./traffic/request-size-limit.ts";
import { REQUEST_TRANSFORMER } from "./traffic/request-transformer.ts";
import { RESPONSE_TRANSFORMER } from "./traffic/response-transformer.ts";

export const TRAFFIC_PLUGINS: readonly PluginDeclaration[] = [
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
