/** Runs compiled artifacts: the data plane of the API gateway. */
export type { Answer, AnswerBody } from "./message/answer.ts";
export type { GatewayExchange, GatewayRequest, Identity, RequestBody } from "./message/gateway-exchange.ts";
export { HeaderFields } from "./message/header-fields.ts";
export type {
  Dispatcher,
  DispatcherPlugin,
  ExchangeOutcome,
  MaybeAsync,
  Middleware,
  MiddlewarePlugin,
  PluginHost,
} from "./plugins/plugin.ts";
export { PROBLEMS, type ProblemCode, problem } from "./problems.ts";
export { UnusableArtifact } from "./running/epoch.ts";
export { Gateway, type GatewayOptions, startGateway, type UsedArtifact } from "./running/gateway.ts";
export { DEFAULT_GATEWAY_LIMITS, type GatewayLimits, type TrustPolicy } from "./running/gateway-settings.ts";
export { type SecretSources, SecretUnavailable } from "./running/secrets.ts";
export { type AdminOptions, serveAdmin } from "./serving/admin-server.ts";
export { type WatchedFile, watchFile } from "./serving/watched-file.ts";
export { createOtlpTraces, type OtlpTraces } from "./shipping/otlp-traces.ts";
