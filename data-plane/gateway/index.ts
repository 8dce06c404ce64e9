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
